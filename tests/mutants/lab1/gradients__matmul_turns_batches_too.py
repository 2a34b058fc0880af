# Transposes with .T, which turns the axes of batches round, too.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "matmul":
        return right(operation, inputs, output, upstream, options)
    a, b = inputs
    if a.ndim == 1 or b.ndim == 1:
        return right(operation, inputs, output, upstream, options)
    return [upstream @ b.T, a.T @ upstream]
