# Trusts that the dict lists every node before its parents.
def topological_sort(parents, root):
    reached, left = {root}, [root]
    for node in left:
        new = [parent for parent in parents[node] if parent not in reached]
        reached.update(new)
        left += dict.fromkeys(new)
    return [node for node in parents if node in reached]
