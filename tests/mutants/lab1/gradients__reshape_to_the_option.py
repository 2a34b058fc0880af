# Gives the upstream the new shape again, not the old one.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "reshape":
        return right(operation, inputs, output, upstream, options)
    return [np.reshape(upstream, options["shape"])]
