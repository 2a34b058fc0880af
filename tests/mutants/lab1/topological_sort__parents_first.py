# Forgets to turn the list round: leaves come first.
def topological_sort(parents, root):
    done, seen, path = [], {root}, [(root, iter(parents[root]))]
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
    return done
