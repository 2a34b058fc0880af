"""The order of a graph, and the accumulation of gradients along it: the same for scalars and tensors.

A node has `edges`, one pair (parent, slope) for each input through which a gradient flows; leaves have none.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from course_lib.notebook.reference import reference


class Node(Protocol):
    """What stands in a graph. `edges` is None once a backward pass has freed them."""

    edges: tuple[tuple["Node", Any], ...] | None


@reference("Lab1.1")
def order(root: Node) -> list[Node]:
    """Every node that the root is made of, root first and each node before its parents, at any depth.

    Raises RuntimeError for a graph of which a backward pass has freed a part.
    """
    seen, done = {id(root)}, []
    stack = [(root, _parents(root))]
    while stack:
        node, left = stack[-1]
        for parent in left:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, _parents(parent)))
                break
        else:
            stack.pop()
            done.append(node)
    return done[::-1]


def _parents(node: Node) -> Iterator[Node]:
    if node.edges is None:
        raise RuntimeError(
            "a backward pass has freed this graph: compute it again, or call the first backward with "
            "retain_graph=True"
        )
    return (parent for parent, _ in node.edges)


@reference("Lab1.2")
def gradients(
    root: Node,
    seed: Any,
    along: Callable[[Node, Any, Any], Any],
    add: Callable[[Any, Any], Any],
    retain_graph: bool = True,
) -> Iterator[tuple[Node, Any]]:
    """Each node with its complete gradient, root first; `seed` is the root's own.

    `along(parent, slope, gradient)` takes a gradient along an edge, `add` sums what reaches a node by
    several. A node's gradient is passed on only when all of it is there, so every edge is walked once. Unless
    `retain_graph`, edges are freed as soon as they are walked.
    """
    left = order(root)[::-1]
    waiting = {id(root): seed}
    while left:
        node = left.pop()  # let go of it, so that its memory can be freed too
        gradient = waiting.pop(id(node))
        yield node, gradient
        for parent, slope in node.edges:
            part = along(parent, slope, gradient)
            key = id(parent)
            waiting[key] = add(waiting[key], part) if key in waiting else part
        if not retain_graph and node.edges:
            node.edges = None
