# Lays the upstream out by columns.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "reshape":
        return right(operation, inputs, output, upstream, options)
    return [np.reshape(upstream, inputs[0].shape, order="F")]
