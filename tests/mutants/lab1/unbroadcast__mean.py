# Takes the mean of what arrives instead of the sum.
def unbroadcast(gradient, shape):
    new = gradient.ndim - len(shape)
    axes = [*range(new), *(new + i for i, n in enumerate(shape) if n == 1)]
    return gradient.mean(axis=tuple(axes), keepdims=True).reshape(shape)
