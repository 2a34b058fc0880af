# Puts a node in the list each time an edge leads to it.
def topological_sort(parents, root):
    order = [root]
    for node in order:
        order.extend(parents[node])
    return order
