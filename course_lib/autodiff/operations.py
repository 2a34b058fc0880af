"""The operations of the engine: each computes its result and says, beside it, how a gradient goes back.

An operation takes a backend, its arrays and its options. It returns the result and one slope for each array:
a function from the result's gradient g to the array's. A slope may answer in the shape to which the array was
broadcast, since `unbroadcast` then sums. None, or no slope, stands where no gradient flows. Everything is
computed by the four verbs; the arrays themselves make the views.
"""

import math

import numpy as np

from course_lib.autodiff.backends import Array, Backend
from course_lib.notebook.reference import reference


@reference("Lab1.4")
def unbroadcast(backend: Backend, gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of an array of that shape, from the gradient (...) of what it was broadcast to: sums."""
    leading = gradient.ndim - len(shape)
    for dim in reversed(range(gradient.ndim)):
        if dim < leading or (shape[dim - leading] == 1 and gradient.shape[dim] != 1):
            gradient = backend.reduce("sum", gradient, dim)
    return gradient.reshape(shape)


def add(backend, x, y):
    return backend.zip("add", x, y), lambda g: g, lambda g: g


def subtract(backend, x, y):
    return backend.zip("subtract", x, y), lambda g: g, lambda g: backend.map("negate", g)


def multiply(backend, x, y):
    return (
        backend.zip("multiply", x, y),
        lambda g: backend.zip("multiply", g, y),
        lambda g: backend.zip("multiply", g, x),
    )


def divide(backend, x, y):
    quotient = backend.zip("divide", x, y)

    def slope_y(g):
        return backend.map("negate", backend.zip("multiply", g, backend.zip("divide", quotient, y)))

    return quotient, lambda g: backend.zip("divide", g, y), slope_y


def power(backend, x, y):
    result = backend.zip("power", x, y)

    def slope_x(g):  # y x^(y-1), and 0 where y is 0, even at x = 0
        one = backend.array(1, y.dtype)
        lower = backend.zip("power", x, backend.zip("subtract", y, one))
        return backend.zip("multiply", g, backend.zip("select", y, backend.zip("multiply", y, lower)))

    def slope_y(g):  # x^y log x, and 0 where x is 0
        slope = backend.zip("multiply", result, backend.map("log", x))
        return backend.zip("multiply", g, backend.zip("select", x, slope))

    return result, slope_x, slope_y


def negate(backend, x):
    return backend.map("negate", x), lambda g: backend.map("negate", g)


def exp(backend, x):
    y = backend.map("exp", x)
    return y, lambda g: backend.zip("multiply", g, y)


def log(backend, x):
    return backend.map("log", x), lambda g: backend.zip("divide", g, x)


def sqrt(backend, x):
    y = backend.map("sqrt", x)
    return y, lambda g: backend.zip("divide", g, backend.zip("add", y, y))


def tanh(backend, x):
    y = backend.map("tanh", x)

    def slope(g):  # 1 - y²
        lost = backend.zip("multiply", backend.zip("multiply", g, y), y)
        return backend.zip("subtract", g, lost)

    return y, slope


def sigmoid(backend, x):
    y = backend.map("sigmoid", x)

    def slope(g):  # y - y²
        part = backend.zip("multiply", g, y)
        return backend.zip("subtract", part, backend.zip("multiply", part, y))

    return y, slope


def relu(backend, x):
    y = backend.map("relu", x)
    return y, lambda g: backend.zip("select", y, g)  # 0 at 0, as torch has it


def equal(backend, x, y):
    return (backend.zip("equal", x, y),)


def less(backend, x, y):
    return (backend.zip("less", x, y),)


def select(backend, mask, x):
    """x where the mask is not 0, and 0 elsewhere."""
    return backend.zip("select", mask, x), None, lambda g: backend.zip("select", mask, g)


def sum(backend, x, dims):
    """The dimensions keep their places with size 1."""
    y = x
    if len(dims) > 1 and len(dims) == x.ndim:
        y = x.reshape((math.prod(x.shape),) + (1,) * (x.ndim - 1))  # one reduction does
        dims = (0,)
    for dim in dims:
        y = backend.reduce("sum", y, dim)
    return y, lambda g: np.broadcast_to(g, x.shape)


def max(backend, x, dims):
    """The dimensions keep their places with size 1. Equal maxima share the gradient, as in torch's amax."""
    y = x
    for dim in dims:
        y = backend.reduce("max", y, dim)

    def slope(g):
        mask = backend.zip("equal", x, y)
        ties = mask
        for dim in dims:
            ties = backend.reduce("sum", ties, dim)
        return backend.zip("multiply", mask, backend.zip("divide", g, ties))

    return y, slope


def matmul(backend, x, y):
    """x (..., n, k), y (..., k, m)."""
    return (
        backend.matmul(x, y),
        lambda g: backend.matmul(g, y.swapaxes(-1, -2)),
        lambda g: backend.matmul(x.swapaxes(-1, -2), g),
    )


@reference("Lab3.1", guard=False)
def gelu(backend, x):
    """x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))."""
    # (1 + tanh(z)) / 2 is sigmoid(2z): fewer steps for the same number. Here 2z = x (linear + cubic x²).
    scale = math.sqrt(8 / math.pi)
    linear, cubic, three = (backend.array(number, x.dtype) for number in (scale, 0.044715 * scale, 3))
    bent = backend.zip("multiply", backend.zip("multiply", x, x), cubic)
    share = backend.map("sigmoid", backend.zip("multiply", x, backend.zip("add", bent, linear)))
    y = backend.zip("multiply", x, share)

    def slope(g):  # share + y (1 - share) (linear + 3 cubic x²)
        left = backend.zip("subtract", y, backend.zip("multiply", y, share))
        steep = backend.zip("add", backend.zip("multiply", bent, three), linear)
        return backend.zip("multiply", g, backend.zip("add", share, backend.zip("multiply", left, steep)))

    return y, slope


def softmax(backend, x, dims):
    """exp(x) over its sum; nothing overflows where the largest of x is 0."""
    powers = backend.map("exp", x)
    y = backend.zip("divide", powers, sum(backend, powers, dims)[0])

    def slope(g):  # y (g - Σ g y)
        part = backend.zip("multiply", g, y)
        total = sum(backend, part, dims)[0]
        return backend.zip("subtract", part, backend.zip("multiply", y, total))

    return y, slope


@reference("Lab3.1", guard=False)
def log_softmax(backend, x, dims):
    """x less the logarithm of the sum of exp(x); nothing overflows where the largest of x is 0."""
    powers = backend.map("exp", x)
    total = sum(backend, powers, dims)[0]

    def slope(g):  # g - softmax(x) Σ g
        share = backend.zip("divide", sum(backend, g, dims)[0], total)
        return backend.zip("subtract", g, backend.zip("multiply", powers, share))

    return backend.zip("subtract", x, backend.map("log", total)), slope


@reference("Lab3.2", guard=False)
def layer_norm(backend, x, weight, bias, eps):
    """The last dimension to mean 0 and variance 1, times weight, plus bias."""
    last, count, eps = x.ndim - 1, backend.array(x.shape[-1], x.dtype), backend.array(eps, x.dtype)

    def mean(y):
        return backend.zip("divide", backend.reduce("sum", y, last), count)

    away = backend.zip("subtract", x, mean(x))
    variance = mean(backend.zip("multiply", away, away))
    deviation = backend.map("sqrt", backend.zip("add", variance, eps))
    normal = backend.zip("divide", away, deviation)
    y = backend.zip("add", backend.zip("multiply", normal, weight), bias)

    def slope_x(g):  # with h = g weight: (h - mean(h) - normal mean(h normal)) / deviation
        h = backend.zip("multiply", g, weight)
        along = backend.zip("multiply", normal, mean(backend.zip("multiply", h, normal)))
        across = backend.zip("subtract", backend.zip("subtract", h, mean(h)), along)
        return backend.zip("divide", across, deviation)

    return y, slope_x, lambda g: backend.zip("multiply", g, normal), lambda g: g


def permute(backend, x, dims):
    return x.transpose(dims), lambda g: g.transpose(tuple(int(i) for i in np.argsort(dims)))


def reshape(backend, x, shape):
    return x.reshape(shape), lambda g: g.reshape(x.shape)


def expand(backend, x, shape):
    return np.broadcast_to(x, shape), lambda g: g


def index(backend, x, key):
    """x[key] for whole numbers, slices, None and ...: a view."""

    def slope(g):
        whole = backend.empty(x.shape, x.dtype)
        whole[...] = 0
        whole[key] = g
        return whole

    return x[key], slope
