# Lets inner nodes keep their gradient from one pass to the next.
def backward(self, upstream=None):
    nodes, waiting = {id(self): self}, [self]
    while waiting:
        for x in waiting.pop().inputs:
            if id(x) not in nodes:
                nodes[id(x)] = x
                waiting.append(x)
    parents = {key: [id(x) for x in node.inputs] for key, node in nodes.items()}
    start = np.ones_like(self.data) if upstream is None else np.asarray(upstream, self.data.dtype)
    self.gradient = start if self.gradient is None else self.gradient + start
    for key in topological_sort(parents, id(self)):
        node = nodes[key]
        arrays = [x.data for x in node.inputs]
        if not node.inputs:
            continue
        parts = gradients(node.operation, arrays, node.data, node.gradient, node.options)
        for x, part in zip(node.inputs, parts, strict=True):
            part = unbroadcast(part, x.data.shape)
            x.gradient = part if x.gradient is None else x.gradient + part


Tensor.backward = backward
