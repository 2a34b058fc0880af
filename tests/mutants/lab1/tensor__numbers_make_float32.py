# Makes float32 of a number, whose digits are lost beside float64.
def apply(operation, *operands, **options):
    inputs = [x if isinstance(x, Tensor) else Tensor(np.asarray(x, np.float32)) for x in operands]
    data = FORWARD[operation](*(x.data for x in inputs), **options)
    return Tensor(data, operation, inputs, options)


Tensor.apply = staticmethod(apply)
