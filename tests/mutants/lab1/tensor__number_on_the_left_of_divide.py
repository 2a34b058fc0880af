# Computes x / 2 for 2 / x.
Tensor.__rtruediv__ = Tensor.__truediv__
