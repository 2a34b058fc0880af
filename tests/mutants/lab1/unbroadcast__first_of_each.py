# Cuts the gradient to the shape instead of adding up.
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    return gradient[tuple(slice(0, n) for n in shape)]
