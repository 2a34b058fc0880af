# Keeps its sums from one call to the next.
def backpropagate(edges, root, seed, gradient={}):  # noqa: B006
    parents = {node: [parent for parent, _ in pairs] for node, pairs in edges.items()}
    order = topological_sort(parents, root)
    gradient[root] = seed
    for node in order:
        for parent, slope in edges[node]:
            gradient[parent] = gradient.get(parent, 0.0) + slope * gradient[node]
    return {node: gradient[node] for node in order if not edges[node]}
