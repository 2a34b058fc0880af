# Collects the graph by recursion: a chain of 5,000 additions ends it.
def backward(self, upstream=None):
    nodes = {}

    def collect(node):
        if id(node) not in nodes:
            nodes[id(node)] = node
            for x in node.inputs:
                collect(x)

    collect(self)
    parents = {key: [id(x) for x in node.inputs] for key, node in nodes.items()}
    upstream = np.ones_like(self.data) if upstream is None else upstream
    found = {id(self): np.asarray(upstream, self.data.dtype)}
    for key in topological_sort(parents, id(self)):
        node, gradient = nodes[key], found.pop(key)
        if not node.inputs:
            node.gradient = gradient if node.gradient is None else node.gradient + gradient
            continue
        arrays = [x.data for x in node.inputs]
        parts = gradients(node.operation, arrays, node.data, gradient, node.options)
        for x, part in zip(node.inputs, parts, strict=True):
            part = unbroadcast(part, x.data.shape)
            found[id(x)] = found[id(x)] + part if id(x) in found else part


Tensor.backward = backward
