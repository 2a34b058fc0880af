# Gives the first of two equal largest values everything.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    if operation != "max":
        return right(operation, inputs, output, upstream, options)
    axis, keepdims = options.get("axis"), options.get("keepdims", False)
    a = inputs[0]
    if axis is None:
        found = np.zeros(a.size)
        found[a.argmax()] = np.ravel(upstream)[0]
        return [found.reshape(a.shape).astype(a.dtype)]
    found = np.zeros_like(a)
    up = upstream if keepdims else np.expand_dims(upstream, axis)
    np.put_along_axis(found, np.expand_dims(a.argmax(axis), axis), up, axis)
    return [found]
