# Returns the gradient of every node, not of leaves alone.
def backpropagate(edges, root, seed):
    parents = {node: [parent for parent, _ in pairs] for node, pairs in edges.items()}
    order = topological_sort(parents, root)
    gradient = dict.fromkeys(order, 0.0)
    gradient[root] = seed
    for node in order:
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
    return {node: gradient[node] for node in order}
