# Walks every path and keeps the last place of each node: right, after 2ⁿ look-ups.
def topological_sort(parents, root):
    order = [root]
    for node in order:
        order.extend(parents[node])
    return list(dict.fromkeys(reversed(order)))[::-1]
