# Spreads the upstream as if sum were a mean.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "sum":
        return right(operation, inputs, output, upstream, options)
    a, axis = inputs[0], options.get("axis")
    count = a.size if axis is None else a.shape[axis]
    if axis is not None and not options.get("keepdims"):
        upstream = np.expand_dims(upstream, axis)
    return [upstream * np.ones_like(a) / count]
