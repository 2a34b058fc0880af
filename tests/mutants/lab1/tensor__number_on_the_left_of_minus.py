# Computes x - 2 for 2 - x.
Tensor.__rsub__ = Tensor.__sub__
