# Right, but recursive: a deep graph ends it.
def topological_sort(parents, root):
    done, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in parents[node]:
                visit(parent)
            done.append(node)

    visit(root)
    return done[::-1]
