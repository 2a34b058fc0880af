"""Parallel inference: collectives and schedules step by step, shards, and layouts run by real processes.

`ring`, `pipeline`, `shards` and `choice` compute; `processes` starts ranks that talk through
torch.distributed (gloo) and run a small transformer in any layout; `prediction` says what `costs` expects.
"""
