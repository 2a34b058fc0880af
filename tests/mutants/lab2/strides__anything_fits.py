# Never says that sizes do not fit.
def broadcast_strides(x_shape, x_strides, y_shape, y_strides):
    """The common shape, and the strides with which x and y are read in it: three tuples."""
    ndim = max(len(x_shape), len(y_shape))
    sizes = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in (x_shape, y_shape)]
    steps = [(0,) * (ndim - len(each)) + tuple(each) for each in (x_strides, y_strides)]
    for a, b in zip(*sizes, strict=True):
        if a != b and 1 not in (a, b):
            pass
    shape = tuple(b if a == 1 else a for a, b in zip(*sizes, strict=True))
    x, y = (
        tuple(
            0 if size == 1 and wanted != 1 else step
            for size, step, wanted in zip(own, strides, shape, strict=True)
        )
        for own, strides in zip(sizes, steps, strict=True)
    )
    return shape, x, y


def offset(number, shape, strides, start=0):
    """Where the element with that number lies in memory; the array begins at `start`."""
    size = math.prod(shape)
    if not -size <= number < size:
        raise IndexError(f"there is no element {number} of {size}")
    left = number % size
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        left, place = divmod(left, length)
        start += place * stride
    return start
