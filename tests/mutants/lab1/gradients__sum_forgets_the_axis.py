# Broadcasts a reduced upstream from the right, wherever the axis was.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "sum":
        return right(operation, inputs, output, upstream, options)
    return [np.broadcast_to(upstream, inputs[0].shape).copy()]
