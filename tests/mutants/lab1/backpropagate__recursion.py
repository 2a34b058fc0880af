# Waits for all arrivals, but goes on by recursion: a deep graph ends it.
def backpropagate(edges, root, seed):
    waits, reached = {root: 1}, [root]
    for node in reached:
        for parent, _ in edges[node]:
            if parent not in waits:
                reached.append(parent)
            waits[parent] = waits.get(parent, 0) + 1
    gradient = dict.fromkeys(reached, 0.0)

    def arrive(node, amount):
        gradient[node] += amount
        waits[node] -= 1
        if waits[node] == 0:
            for parent, slope in edges[node]:
                arrive(parent, slope * gradient[node])

    arrive(root, seed)
    return {node: gradient[node] for node in reached if not edges[node]}
