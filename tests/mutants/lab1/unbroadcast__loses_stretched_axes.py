# Sums the stretched axes away, so that (2, 1) becomes (2,).
def unbroadcast(gradient, shape):
    new = gradient.ndim - len(shape)
    axes = [*range(new), *(new + i for i, n in enumerate(shape) if n == 1)]
    return gradient.sum(axis=tuple(axes))
