# Cuts off the upstream instead of asking where the input was.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "relu":
        return right(operation, inputs, output, upstream, options)
    return [np.maximum(upstream, 0)]
