"""Adam on parameters of few bits, with a copy of them in FP32 or without (Micikevicius et al. 2018)."""

from collections.abc import Iterable

import torch

from course_lib.arguments import positive
from course_lib.costs.memory import States


class Adam:
    """Adam (Kingma & Ba 2015) whose two moments are FP32, whatever its parameters are.

    `master`: parameters that are no FP32 have an FP32 copy, which is what learns; after each step they are
    rounded from it. Without, a step is rounded into the parameters themselves, and what is smaller than half
    the distance to the next number is lost. Raises ValueError for no parameters and a rate not above 0.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        lr: float,
        *,
        master: bool = True,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        positive(lr=lr)
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("parameters must hold at least one")
        self.lr, self.betas, self.eps, self.steps = lr, betas, eps, 0
        self.momentum = [torch.zeros_like(p, dtype=torch.float32) for p in self.parameters]
        self.variance = [torch.zeros_like(p, dtype=torch.float32) for p in self.parameters]
        narrow = [p.dtype != torch.float32 for p in self.parameters]
        self.copies = [
            p.detach().float() if master and few else None
            for p, few in zip(self.parameters, narrow, strict=True)
        ]

    def zero_grad(self) -> None:
        """Forget the gradients; their memory is free until the next backward pass."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step of all parameters that have a gradient."""
        self.steps += 1
        (b1, b2), t = self.betas, self.steps
        rows = zip(self.parameters, self.copies, self.momentum, self.variance, strict=True)
        for p, copy, m, v in rows:
            if p.grad is None:
                continue
            g = p.grad.float()
            m.lerp_(g, 1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            update = (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + self.eps)
            # p.float() is p itself where p is FP32, and what is rounded at the end where it is not.
            learned = (p.float() if copy is None else copy).sub_(update, alpha=self.lr)
            p.copy_(learned)

    def states(self) -> States:
        """Bytes that are there now: of parameters, their gradients, and what Adam keeps."""
        kept = [*self.momentum, *self.variance, *(copy for copy in self.copies if copy is not None)]
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        return States(*(sum(t.nbytes for t in held) for held in (self.parameters, gradients, kept)))
