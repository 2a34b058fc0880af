# Works on each node once, when it is met first, whether or not all has arrived.
def backpropagate(edges, root, seed):
    gradient, seen, queue = {root: seed}, {root}, [root]
    for node in queue:
        for parent, slope in edges[node]:
            gradient[parent] = gradient.get(parent, 0.0) + slope * gradient[node]
            if parent not in seen:
                seen.add(parent)
                queue.append(parent)
    return {node: value for node, value in gradient.items() if not edges[node]}
