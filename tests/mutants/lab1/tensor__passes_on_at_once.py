# Passes each part on as soon as it arrives: right, once for each path.
def backward(self, upstream=None):
    upstream = np.ones_like(self.data) if upstream is None else upstream
    stack = [(self, np.asarray(upstream, self.data.dtype))]
    while stack:
        node, gradient = stack.pop()
        if not node.inputs:
            node.gradient = gradient if node.gradient is None else node.gradient + gradient
            continue
        arrays = [x.data for x in node.inputs]
        parts = gradients(node.operation, arrays, node.data, gradient, node.options)
        for x, part in zip(node.inputs, parts, strict=True):
            stack.append((x, unbroadcast(part, x.data.shape)))


Tensor.backward = backward
