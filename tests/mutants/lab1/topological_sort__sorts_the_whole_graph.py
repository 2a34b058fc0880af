# Sorts all nodes of the graph, those that the root was not computed from as well.
def topological_sort(parents, root):
    done, seen = [], set()
    for start in [*(node for node in parents if node != root), root]:
        path = [] if start in seen else [(start, iter(parents[start]))]
        seen.add(start)
        while path:
            node, rest = path[-1]
            for parent in rest:
                if parent not in seen:
                    seen.add(parent)
                    path.append((parent, iter(parents[parent])))
                    break
            else:
                done.append(node)
                path.pop()
    return done[::-1]
