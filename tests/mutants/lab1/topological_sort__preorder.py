# Takes each node when it is met first, on the way down.
def topological_sort(parents, root):
    order, seen, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            stack.extend(reversed(parents[node]))
    return order
