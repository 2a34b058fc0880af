"""Graphs of computations in numbers: node -> [(parent, slope), ...], leaves with an empty list.

A parent is what a node was computed from; the slope says how much the node changes per change of it.
"""

from dataclasses import dataclass

import numpy as np

Edges = dict[object, list[tuple[object, float]]]


def doubling(times: int) -> tuple[Edges, int]:
    """Edges and root of x + x, of that plus itself, and so on: 2 ** times paths from the root to x (0)."""
    edges: Edges = {0: []}
    for node in range(1, times + 1):
        edges[node] = [(node - 1, 1.0), (node - 1, 1.0)]
    return edges, times


def running_sum(terms: int) -> tuple[Edges, tuple[str, int]]:
    """Edges and root of a sum of so many leaves, added one after the other: as deep as it is long."""
    edges: Edges = {("sum", 0): []}
    for i in range(1, terms + 1):
        edges["leaf", i] = []
        edges["sum", i] = [(("sum", i - 1), 1.0), (("leaf", i), 1.0)]
    return edges, ("sum", terms)


class Counted(float):
    """A number that counts every addition and multiplication it takes part in, in `Counted.operations`."""

    operations = 0

    def __add__(self, other: float) -> "Counted":
        Counted.operations += 1
        return Counted(float(self) + float(other))

    def __mul__(self, other: float) -> "Counted":
        Counted.operations += 1
        return Counted(float(self) * float(other))

    __radd__, __rmul__ = __add__, __mul__


@dataclass(frozen=True)
class Network:
    """A network x -> w2 · tanh(W1 x) in single numbers: x (inputs,), W1 (2, inputs), w2 (2,)."""

    x: list[float]
    weights: list[float]  # W1 row by row, then w2

    @classmethod
    def of(cls, weights: int, random: np.random.Generator) -> "Network":
        """A random network with this even number of weights, 4 or more, every number of it counted."""
        inputs = weights // 2 - 1
        x = random.normal(size=inputs)
        drawn = random.normal(size=weights) / np.sqrt(inputs)
        return cls([Counted(value) for value in x], [Counted(value) for value in drawn])

    def output(self, weights: list[float]) -> float:
        """The output with other weights; counts each operation of a forward pass (tanh is one)."""
        inputs = len(self.x)
        output = weights[-2] * self._hidden(weights[:inputs])
        return output + weights[-1] * self._hidden(weights[inputs : 2 * inputs])

    def _hidden(self, row: list[float]) -> Counted:
        total = row[0] * self.x[0]
        for weight, value in zip(row[1:], self.x[1:], strict=True):
            total = total + weight * value
        Counted.operations += 1
        return Counted(np.tanh(float(total)))

    def graph(self) -> tuple[Edges, str]:
        """Edges and root of `output` at the network's own weights, which are the leaves 0, 1, and so on.

        Counts a forward pass and what the slopes cost beyond it.
        """
        inputs, one = len(self.x), Counted(1.0)
        edges: Edges = {i: [] for i in range(len(self.weights))}
        parts = []
        for unit, start in enumerate((0, inputs)):
            hidden = self._hidden(self.weights[start : start + inputs])
            for i, value in enumerate(self.x, start):
                edges["product", i] = [(i, value)]
            edges["sum", unit] = [(("product", i), one) for i in range(start, start + inputs)]
            edges["tanh", unit] = [(("sum", unit), one + hidden * hidden * -1.0)]
            weight = 2 * inputs + unit
            edges["part", unit] = [(weight, hidden), (("tanh", unit), self.weights[weight])]
            parts.append(self.weights[weight] * hidden)
        parts[0] + parts[1]  # the output itself, for the count
        edges["output"] = [(("part", 0), one), (("part", 1), one)]
        return edges, "output"


def difference_quotients(network: Network, eps: float = 1e-6) -> list[float]:
    """(f(w + eps) - f(w)) / eps for each weight: one forward pass for all, and one more for each."""
    base, found = network.output(network.weights), []
    for i, weight in enumerate(network.weights):
        moved = [*network.weights[:i], Counted(float(weight) + eps), *network.weights[i + 1 :]]
        found.append((float(network.output(moved)) - float(base)) / eps)
    return found
