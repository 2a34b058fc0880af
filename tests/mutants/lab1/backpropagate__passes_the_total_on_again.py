# Passes all that a node has on at each arrival: what was passed on before counts again.
def backpropagate(edges, root, seed):
    gradient, queue = {root: seed}, [root]
    for node in queue:
        for parent, slope in edges[node]:
            gradient[parent] = gradient.get(parent, 0.0) + slope * gradient[node]
            queue.append(parent)
    return {node: value for node, value in gradient.items() if not edges[node]}
