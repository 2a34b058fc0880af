# Sorts negative axes as they are, so that -1 comes first.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "permute":
        return right(operation, inputs, output, upstream, options)
    return [np.transpose(upstream, np.argsort(options["axes"]))]
