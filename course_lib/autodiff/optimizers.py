"""Steps along the gradient, as torch's optimizers take them. Steps make new arrays, by the verbs alone."""

import itertools
from collections.abc import Iterable

from course_lib.autodiff.recording import no_grad
from course_lib.autodiff.tensor import Tensor


class Optimizer:
    """Steps each parameter that has a gradient; `lr` may be changed between steps."""

    def __init__(self, parameters: Iterable[Tensor], lr: float):
        self.parameters, self.lr = list(parameters), lr
        self._state: list[dict] = [{} for _ in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.zero_grad()

    @no_grad()
    def step(self) -> None:
        """Change the parameters once."""
        for parameter, state in zip(self.parameters, self._state, strict=True):
            if parameter.grad is not None:
                parameter.data = self._stepped(parameter, parameter.grad, state).data

    def _stepped(self, x: Tensor, gradient: Tensor, state: dict) -> Tensor:
        raise NotImplementedError


class SGD(Optimizer):
    """x - lr · v, with v = momentum · v + gradient + weight_decay · x."""

    def __init__(self, parameters, lr: float, momentum: float = 0, weight_decay: float = 0):
        super().__init__(parameters, lr)
        self.momentum, self.weight_decay = momentum, weight_decay

    def _stepped(self, x, gradient, state):
        if self.weight_decay:
            gradient = gradient + x * self.weight_decay
        if self.momentum and "velocity" in state:
            gradient = state["velocity"] * self.momentum + gradient
        state["velocity"] = gradient
        return x - gradient * self.lr


class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1; weight_decay · x is added to the gradient."""

    def __init__(self, parameters, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0):  # fmt: skip
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    def _stepped(self, x, gradient, state):
        if self.weight_decay:
            gradient = gradient + x * self.weight_decay
        return x - self._change(gradient, state)

    def _change(self, gradient: Tensor, state: dict) -> Tensor:
        (one, two), steps = self.betas, state.get("steps", 0) + 1
        mean, square = gradient * (1 - one), gradient * gradient * (1 - two)
        if steps > 1:
            mean, square = state["mean"] * one + mean, state["square"] * two + square
        state.update(steps=steps, mean=mean, square=square)
        root = (square * (1 / (1 - two**steps))).sqrt() + self.eps
        return mean / root * (self.lr / (1 - one**steps))


class JoinedAdam(Adam):
    """Adam on all parameters in one row: the same numbers, by a dozen operations in place of a dozen each.

    Small parameters cost more to call for than to compute. All have one backend and one dtype, as those of a
    network have; one without a gradient counts as one whose gradient is 0.
    """

    @no_grad()
    def step(self) -> None:
        backend, dtype = self.parameters[0].backend, self.parameters[0].dtype
        gradients = [0 if each.grad is None else each.grad.data.reshape(-1) for each in self.parameters]
        ends = list(itertools.accumulate(each.data.size for each in self.parameters))
        places = list(map(slice, [0, *ends[:-1]], ends))
        x, gradient = (Tensor(backend.empty((ends[-1],), dtype), backend=backend) for _ in range(2))
        for place, parameter, slope in zip(places, self.parameters, gradients, strict=True):
            x.data[place], gradient.data[place] = parameter.data.reshape(-1), slope
        row = self._stepped(x, gradient, self._state[0]).data
        for place, parameter in zip(places, self.parameters, strict=True):
            part = backend.empty(parameter.shape, dtype)
            part[...] = row[place].reshape(parameter.shape)
            parameter.data = part  # whole, whenever an interrupt comes


class AdamW(Adam):
    """Adam whose decay shrinks the parameter itself (Loshchilov and Hutter 2019)."""

    def __init__(self, parameters, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2):  # fmt: skip
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _stepped(self, x, gradient, state):
        return x * (1 - self.lr * self.weight_decay) - self._change(gradient, state)
