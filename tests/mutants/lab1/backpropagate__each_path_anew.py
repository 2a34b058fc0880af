# Carries every arrival on by itself: right, once for each of 2ⁿ paths.
def backpropagate(edges, root, seed):
    leaves, stack = {}, [(root, seed)]
    while stack:
        node, amount = stack.pop()
        if not edges[node]:
            leaves[node] = leaves.get(node, 0.0) + amount
        for parent, slope in edges[node]:
            stack.append((parent, slope * amount))
    return leaves
