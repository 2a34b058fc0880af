"""Modules: functions with parameters, named and started as torch's are.

With rng=None, a module's matrices and their biases have a shape and take no memory: all of their elements are
one 0. That is how a model is counted which is too large to be made.
"""

import math
from collections.abc import Iterator

import numpy as np

from course_lib.autodiff import functional
from course_lib.autodiff.backends import Backend
from course_lib.autodiff.tensor import Tensor
from course_lib.notebook.reference import reference


class Parameter(Tensor):
    """A tensor that is learned."""

    __slots__ = ()

    def __init__(self, data, backend: Backend | None = None):
        super().__init__(data, requires_grad=True, backend=backend)


class Module:
    """Parameters and modules in its attributes, and in lists of modules, belong to it."""

    training = True

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def modules(self) -> Iterator["Module"]:
        """This module and all within it."""
        yield self
        for _, child in self._children():
            yield from child.modules()

    def _children(self) -> Iterator[tuple[str, "Module"]]:
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value
            elif isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", each) for i, each in enumerate(value) if isinstance(each, Module))

    def _named(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield prefix + name, value
        for name, child in self._children():
            yield from child._named(f"{prefix}{name}.")

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Names such as "layers.0.weight" with their parameters; one that is shared comes once."""
        seen = set()
        for name, parameter in self._named():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def parameters(self) -> list[Parameter]:
        """Each parameter once."""
        return [parameter for _, parameter in self.named_parameters()]

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of all parameters by name, as arrays of NumPy."""
        return {name: np.array(parameter.numpy()) for name, parameter in self._named()}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Take over values by name. Raises KeyError for other names, ValueError for another shape."""
        own = dict(self._named())
        if own.keys() != state.keys():
            raise KeyError(f"the names differ: {', '.join(sorted(own.keys() ^ state.keys()))}")
        for name, parameter in own.items():
            if np.shape(state[name]) != parameter.shape:
                raise ValueError(f"{name} has shape {parameter.shape}, not {np.shape(state[name])}")
        for name, parameter in own.items():
            parameter.data = parameter.backend.array(np.array(state[name]), parameter.dtype)

    def train(self, mode: bool = True) -> "Module":
        """Switch dropout on, here and in all modules within."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """Switch dropout off."""
        return self.train(False)

    def to(self, backend: Backend) -> "Module":
        """Move the parameters to a backend; their gradients are forgotten."""
        for parameter in self.parameters():
            parameter.data = backend.array(parameter.numpy(), parameter.dtype)
            parameter.backend, parameter.grad = backend, None
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.zero_grad()


@reference("Lab3.4")
def count_parameters(module: Module) -> int:
    """The numbers that a module learns; a parameter that is shared counts once."""
    return sum(math.prod(parameter.shape) for parameter in module.parameters())


def _drawn(shape: tuple[int, ...], rng: np.random.Generator | None, law: str, *numbers: float) -> Parameter:
    """A parameter in float32, drawn by `rng`'s method of that name."""
    if rng is None:
        return Parameter(np.broadcast_to(np.float32(0), shape))
    return Parameter(getattr(rng, law)(*numbers, shape).astype(np.float32))


class Linear(Module):
    """x (..., inputs) · weight (outputs, inputs)ᵀ + bias (outputs): (..., outputs).

    Both start uniform in ±1/√inputs, as torch's do, drawn from `rng` in float32.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True, *, rng: np.random.Generator | None):
        bound = 1 / math.sqrt(inputs) if inputs else 0
        self.weight = _drawn((outputs, inputs), rng, "uniform", -bound, bound)
        self.bias = _drawn((outputs,), rng, "uniform", -bound, bound) if bias else None

    @reference("Lab3.2")
    def forward(self, x: Tensor) -> Tensor:
        """x (..., inputs) gives (..., outputs)."""
        product = x @ self.weight.T
        return product if self.bias is None else product + self.bias


class Embedding(Module):
    """Rows of weight (classes, width) by whole numbers; they start normal with deviation 1, as torch's do."""

    def __init__(self, classes: int, width: int, *, rng: np.random.Generator | None):
        self.weight = _drawn((classes, width), rng, "normal", 0, 1)

    @reference("Lab3.2")
    def forward(self, ids) -> Tensor:
        """ids (...) give (..., width)."""
        return functional.embedding(ids, self.weight)


class LayerNorm(Module):
    """The last dimension to mean 0 and variance 1, times weight (starts at 1) plus bias (starts at 0)."""

    def __init__(self, width: int, eps: float = 1e-5):
        one, zero = np.ones(width, np.float32), np.zeros(width, np.float32)
        self.weight, self.bias, self.eps = Parameter(one), Parameter(zero), eps

    @reference("Lab3.2")
    def forward(self, x: Tensor) -> Tensor:
        """x (..., width) keeps its shape."""
        return functional.layer_norm(x, self.weight, self.bias, self.eps)


class Dropout(Module):
    """Zeros with probability p while training."""

    def __init__(self, p: float, *, rng: np.random.Generator):
        self.p, self.rng = p, rng

    @reference("Lab3.2")
    def forward(self, x: Tensor) -> Tensor:
        """x keeps its shape."""
        return functional.dropout(x, self.p, self.training, self.rng)


class ReLU(Module):
    """The positive part."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu()


class Sequential(Module):
    """Modules one after the other, named "0", "1" and so on."""

    def __init__(self, *layers: Module):
        vars(self).update((str(place), layer) for place, layer in enumerate(layers))

    def __getitem__(self, place: int) -> Module:
        return vars(self)[str(place)]

    def forward(self, x):
        for _, layer in self._children():
            x = layer(x)
        return x
