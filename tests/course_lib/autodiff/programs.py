"""Random programs that run on our engine and on torch alike: shared nodes, broadcasting, ties."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

from course_lib import seeds

# Every function keeps its results moderate, so that rounding stays far below the tolerance.
ONE = {
    "negate": lambda x: -x,
    "exp": lambda x: x.tanh().exp(),
    "log": lambda x: (x * x + 0.5).log(),
    "sqrt": lambda x: (x * x + 0.5).sqrt(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "reflected": lambda x: 3 / (x * x + 1) + (1 - x) * 2 ** x.tanh(),
    "masked": lambda x: x * mask(x),
}
TWO = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y * 0.5,
    "divide": lambda x, y: x / (y * y + 1),
    "power": lambda x, y: (x * x + 0.5) ** y.tanh(),
}


def mask(x):
    above = x > 0.5
    return above.to(x.dtype) if isinstance(above, torch.Tensor) else above


def largest(x, dim):
    return x.amax(dim) if isinstance(x, torch.Tensor) else x.max(dim)


VIEWS = {
    "sum": lambda x, dim: x.sum(dim),
    "mean": lambda x, dim: x.mean(dim, keepdim=True),
    "max": largest,
    "permute": lambda x, dims: x.permute(*dims),
    "reshape": lambda x, shape: x.reshape(*shape),
    "transpose": lambda x, dims: x.transpose(*dims),
    "expand": lambda x, size: x.unsqueeze(0).expand(size, *x.shape),
    "index": lambda x, key: x[key],
}


@dataclass
class Program:
    """Arrays of the leaves, and instructions (name, numbers of the nodes, option) that each add a node."""

    leaves: list[np.ndarray]
    instructions: list[tuple]
    upstream: np.ndarray


def run(program: Program, leaves: list) -> list:
    """The nodes that the instructions make of these leaves, of our engine or of torch."""
    nodes = list(leaves)
    for name, arguments, option in program.instructions:
        inputs = [nodes[number] for number in arguments]
        if name == "matmul":
            nodes.append(inputs[0] @ inputs[1])
        elif name in VIEWS:
            nodes.append(VIEWS[name](inputs[0], option))
        else:
            nodes.append((ONE | TWO)[name](*inputs))
    return nodes


def in_torch(program: Program) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All nodes, and the gradients of the leaves."""
    leaves = [torch.tensor(array, requires_grad=True) for array in program.leaves]
    nodes = run(program, leaves)
    nodes[-1].backward(torch.tensor(program.upstream))
    gradients = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    return [node.detach().numpy() for node in nodes], [gradient.numpy() for gradient in gradients]


def fits(one: tuple, other: tuple) -> bool:
    """Whether two shapes broadcast."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(x == y or 1 in (x, y) for x, y in pairs)


def multiplies(one: tuple, other: tuple) -> bool:
    return bool(one and other and one[-1] == other[max(len(other) - 2, 0)] and fits(one[:-2], other[:-2]))


@st.composite
def programs(draw) -> Program:
    """Programs of up to four leaves and ten instructions; values are few, so that ties and zeros are many."""
    random = seeds.stream("autodiff", "programs", seed=draw(st.integers(0, 10**6)))
    sizes = st.sampled_from([1, 2, 3])
    shapes = draw(st.lists(st.lists(sizes, max_size=3).map(tuple), min_size=1, max_size=4))
    leaves = [random.integers(-2, 3, shape) / 2 for shape in shapes]
    instructions = []
    known = [leaf.shape for leaf in leaves]
    for _ in range(draw(st.integers(1, 10))):
        # Late nodes more often than early ones, so that graphs get deep; the same node twice as well.
        first = draw(st.integers(0, len(known) - 1))
        first = draw(st.sampled_from([first, len(known) - 1]))
        shape = known[first]
        partners = [i for i, other in enumerate(known) if fits(shape, other)]
        products = [i for i, other in enumerate(known) if multiplies(shape, other)]
        kinds = ["one", "two", "view"] + ["matmul"] * bool(products)
        kind = draw(st.sampled_from(kinds))
        if kind == "one":
            step = (draw(st.sampled_from(sorted(ONE))), (first,), None)
        elif kind == "two":
            second = draw(st.sampled_from(partners))
            pair = draw(st.sampled_from([(first, second), (second, first)]))
            step = (draw(st.sampled_from(sorted(TWO))), pair, None)
        elif kind == "matmul":
            step = ("matmul", (first, draw(st.sampled_from(products))), None)
        else:
            name, option = draw(view(shape))
            step = (name, (first,), option)
        instructions.append(step)
        program = Program(leaves, instructions, np.zeros(()))
        known.append(tuple(run(program, [torch.tensor(leaf) for leaf in leaves])[-1].shape))
    return Program(leaves, instructions, random.normal(size=known[-1]))


@st.composite
def view(draw, shape: tuple) -> tuple:
    """A name in VIEWS and an option that fits the shape."""
    ndim = len(shape)
    if not ndim or math.prod(shape) > 50:
        return draw(st.sampled_from([("sum", None), ("mean", None), ("index", (..., None))]))
    dims, orders = st.integers(-ndim, ndim - 1), st.permutations(range(ndim))
    return draw(
        st.one_of(
            st.tuples(st.sampled_from(["sum", "mean", "max"]), dims),
            st.tuples(st.just("max"), st.just(tuple(range(ndim)))),
            st.tuples(st.just("sum"), orders.map(lambda order: tuple(order[: ndim // 2 + 1]))),
            st.tuples(st.just("permute"), orders.map(lambda order: [i - ndim * (i % 2) for i in order])),
            st.tuples(st.just("reshape"), st.permutations(shape)),
            st.tuples(st.just("reshape"), st.just((-1,))),
            st.tuples(st.just("transpose"), st.tuples(dims, dims)),
            st.tuples(st.just("expand"), st.integers(1, 3)),
            st.tuples(st.just("index"), st.tuples(st.integers(-shape[0], shape[0] - 1))),
            st.tuples(st.just("index"), st.just((..., slice(None, None, 2)))),
            st.tuples(st.just("index"), st.just((slice(1, None), None))) if shape[0] > 1 else st.nothing(),
        )
    )
