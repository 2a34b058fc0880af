# Gives each of two equal largest values the whole upstream.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "max":
        return right(operation, inputs, output, upstream, options)
    axis, keepdims = options.get("axis"), options.get("keepdims", False)
    largest = inputs[0] == inputs[0].max(axis=axis, keepdims=True)
    if axis is not None and not keepdims:
        upstream = np.expand_dims(upstream, axis)
    return [upstream * largest]
