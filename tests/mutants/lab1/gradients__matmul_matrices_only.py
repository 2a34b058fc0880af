# Knows matrices only, not vectors.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "matmul":
        return right(operation, inputs, output, upstream, options)
    a, b = inputs
    return [upstream @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ upstream]
