# Makes float64 of a number, and so of every float32 tensor beside it.
def apply(operation, *operands, **options):
    inputs = [x if isinstance(x, Tensor) else Tensor(np.asarray(x, np.float64)) for x in operands]
    data = FORWARD[operation](*(x.data for x in inputs), **options)
    return Tensor(data, operation, inputs, options)


Tensor.apply = staticmethod(apply)
