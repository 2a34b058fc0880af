"""Numbers that differentiate: micrograd's Value, on the same graph as tensors."""

import math

from course_lib.autodiff import graph


class Value:
    """A number, its gradient, and the edges (parent, slope) to the values it was computed from."""

    __slots__ = ("__weakref__", "data", "edges", "grad")

    def __init__(self, data: float, edges: tuple[tuple["Value", float], ...] = ()):
        self.data, self.grad, self.edges = data, 0.0, edges

    def backward(self, gradient: float = 1.0) -> None:
        """The gradient by every value below: leaves add it to `grad`, the others hold it alone."""
        steps = graph.gradients(self, gradient, lambda _, slope, g: slope * g, lambda one, other: one + other)
        for node, complete in steps:
            node.grad = complete if node.edges else node.grad + complete

    def __add__(self, other):
        other = _value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = _value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def __pow__(self, exponent: float):
        """By a number, not by a value. Raises ValueError where the result is no real number."""
        result = self.data**exponent
        if isinstance(result, complex):
            raise ValueError(f"{self.data} to the power {exponent} is no real number")
        slope = exponent * self.data ** (exponent - 1) if exponent else 0.0
        return Value(result, ((self, slope),))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -_value(other)

    def __rsub__(self, other):
        return _value(other) - self

    def __truediv__(self, other):
        return self * _value(other) ** -1

    def __rtruediv__(self, other):
        return _value(other) / self

    def exp(self):
        result = math.exp(self.data)
        return Value(result, ((self, result),))

    def log(self):
        return Value(math.log(self.data), ((self, 1 / self.data),))

    def tanh(self):
        result = math.tanh(self.data)
        return Value(result, ((self, 1 - result * result),))

    def relu(self):
        return Value(max(self.data, 0.0), ((self, float(self.data > 0)),))

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


def _value(number) -> Value:
    return number if isinstance(number, Value) else Value(number)
