# Takes () for "nothing to do".
def unbroadcast(gradient, shape):
    if not shape:
        return gradient
    new = gradient.ndim - len(shape)
    axes = [*range(new), *(new + i for i, n in enumerate(shape) if n == 1)]
    return gradient.sum(axis=tuple(axes), keepdims=True).reshape(shape)
