# Computes sums in the first operand's own array.
def apply(operation, *operands, **options):
    dtype = next(x.data.dtype for x in operands if isinstance(x, Tensor))
    inputs = [x if isinstance(x, Tensor) else Tensor(np.asarray(x, dtype)) for x in operands]
    data = FORWARD[operation](*(x.data for x in inputs), **options)
    if operation == "add" and data.shape == inputs[0].data.shape:
        inputs[0].data[...] = data
        data = inputs[0].data
    return Tensor(data, operation, inputs, options)


Tensor.apply = staticmethod(apply)
