# Sums the axes that were stretched, and forgets the new ones.
def unbroadcast(gradient, shape):
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient
