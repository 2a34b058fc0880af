# Multiplies from the wrong sides.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "matmul":
        return right(operation, inputs, output, upstream, options)
    a, b = inputs
    return [b.T @ upstream, upstream @ a.T]
