"""Four ways to walk back over a graph, visit by visit: only two of them end with the right gradients."""

from collections.abc import Callable, Iterator

from course_lib.demos.autodiff.graphs import Edges
from course_lib.notebook.reference import reference

Visit = tuple[object, dict[object, float]]  # the node, and all gradients as they are after the visit


def every_path(edges: Edges, root: object, amount: float = 1.0, found: dict | None = None) -> Iterator[Visit]:
    """Carries what arrives at a node on to its parents, each time something arrives: once per path."""
    found = {} if found is None else found
    found[root] = found.get(root, 0.0) + amount
    yield root, found
    for parent, slope in edges[root]:
        yield from every_path(edges, parent, slope * amount, found)


def recursion(edges: Edges, root: object, found: dict | None = None) -> Iterator[Visit]:
    """Gives a node's gradient to its parents, then does the same with each parent, whoever has done it."""
    found = {root: 1.0} if found is None else found
    for parent, slope in edges[root]:
        found[parent] = found.get(parent, 0.0) + slope * found[root]
    yield root, found
    for parent, _ in edges[root]:
        yield from recursion(edges, parent, found)


def preorder(
    edges: Edges, root: object, found: dict | None = None, seen: set | None = None
) -> Iterator[Visit]:
    """As `recursion`, but works on each node once: when it is met first, complete or not."""
    found, seen = {root: 1.0} if found is None else found, set() if seen is None else seen
    seen.add(root)
    for parent, slope in edges[root]:
        found[parent] = found.get(parent, 0.0) + slope * found[root]
    yield root, found
    for parent, _ in edges[root]:
        if parent not in seen:
            yield from preorder(edges, parent, found, seen)


@reference("Lab1.2", guard=False)
def in_order(edges: Edges, root: object) -> Iterator[Visit]:
    """Works on each node once: when everything that was computed from it has been worked on."""
    expected: dict[object, int] = {root: 0}  # how many edges lead to a node
    reached = [root]
    for node in reached:
        for parent, _ in edges[node]:
            if parent not in expected:
                reached.append(parent)
            expected[parent] = expected.get(parent, 0) + 1
    found, ready = {root: 1.0}, [root]
    while ready:
        node = ready.pop()
        for parent, slope in edges[node]:
            found[parent] = found.get(parent, 0.0) + slope * found[node]
            expected[parent] -= 1
            if expected[parent] == 0:
                ready.append(parent)
        yield node, found


WAYS: dict[str, Callable[[Edges, object], Iterator[Visit]]] = {
    "every path": every_path,
    "recursion": recursion,
    "preorder": preorder,
    "order": in_order,
}


def walked(way: str, edges: Edges, root: object) -> tuple[dict[object, float], int]:
    """All gradients at the end of a way of WAYS, and how many visits it took."""
    visits = list(WAYS[way](edges, root))
    return visits[-1][1], len(visits)
