"""A transformer that trains, what autograd keeps of it, and checkpointing, which keeps less.

`model` is the transformer, of any decoder-only shape; `saved` counts the bytes that wait for the backward
pass; `checkpointing` keeps inputs alone and computes again.
"""
