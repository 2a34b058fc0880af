"""Lab 6: what a transformer costs to train, counted by formulas and measured where it really runs.

`plan` says which layers to checkpoint; `mixed_precision` is Adam on parameters of few bits, and `training`
shows what its copy in FP32 is for. `zero` divides the states over real processes, and `ring` sends what they
share. The model itself is `course_lib.transformer`.
"""
