# Waits for every edge, but crosses off each child once: the a of y = a + a never gets free.
def topological_sort(parents, root):
    waits, left = {root: 0}, [root]
    for node in left:
        left += dict.fromkeys(parent for parent in parents[node] if parent not in waits)
        for parent in parents[node]:
            waits[parent] = waits.get(parent, 0) + 1
    order, free = [], [root]
    while free:
        node = free.pop()
        order.append(node)
        for parent in set(parents[node]):
            waits[parent] -= 1
            if waits[parent] == 0:
                free.append(parent)
    return order
