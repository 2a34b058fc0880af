# Inserts the axis that is gone at `axis` from the left, where -1 is one place off.
def gradients(operation, inputs, output, upstream, options, right=gradients):
    axis = options.get("axis")
    if operation not in ("sum", "max") or axis is None or axis >= 0 or options.get("keepdims"):
        return right(operation, inputs, output, upstream, options)
    a = inputs[0]
    shape = list(upstream.shape)
    shape.insert(axis, 1)
    up, most = upstream.reshape(shape), output.reshape(shape)
    if operation == "sum":
        return [up * np.ones_like(a)]
    largest = (a == most).astype(a.dtype)
    return [up * largest / np.maximum(largest.sum(axis=axis, keepdims=True), 1)]
