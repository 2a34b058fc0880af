# Compares shapes from the left, where NumPy aligns them at the right.
def unbroadcast(gradient, shape):
    stretched = [axis for axis, size in enumerate(shape) if size == 1]
    gradient = gradient.sum(axis=tuple(stretched), keepdims=True)
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=-1)
    return gradient
