"""ZeRO, stages 0 to 3, on real processes (Rajbhandari et al. 2020): who holds what, and what is sent.

A unit (the embedding, a block, the head) has its parameters in one row, which the ranks divide. Its forward
pass is computed again backward, so that nothing of it, its gathered parameters neither, is kept in between.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.distributed as dist
from torch import nn

from course_lib.accounting.mixed_precision import Adam
from course_lib.accounting.ring import all_gather, reduce_scatter
from course_lib.accounting.training import LEARNER, text
from course_lib.arguments import count, one_of
from course_lib.costs.memory import States
from course_lib.notebook.progress import Progress
from course_lib.ranks.processes import Ranks
from course_lib.ranks.traffic import sent_bytes
from course_lib.shapes import Shape
from course_lib.transformer.model import Transformer, loss


class Unit:
    """One rank's share of a module's parameters, gradients and optimizer at a stage of ZeRO.

    From stage 1 on a rank has the optimizer of its part alone, from 2 the gradients, from 3 the parameters.
    Parameters are padded to a length that the ranks divide.
    """

    def __init__(self, module: nn.Module, stage: int, lr: float):
        self.stage, self.gradient = stage, None
        rank, ranks = dist.get_rank(), dist.get_world_size()
        self.names, values = zip(*module.named_parameters(), strict=True)
        self.sizes = [value.shape for value in values]
        self.length = sum(value.numel() for value in values)
        whole = torch.cat([value.detach().flatten() for value in values])
        whole = nn.functional.pad(whole, (0, -self.length % ranks))
        own = whole.view(ranks, -1)[rank]
        self.held = own.clone() if stage == 3 else whole
        self.learns = self.held if stage in (0, 3) else own  # at stages 1 and 2 a view of what is held
        self.adam = Adam([self.learns], lr)
        self.module = module.to("meta")  # it has no parameters of its own any more

    def parameters(self) -> dict[str, torch.Tensor]:
        """By name; at stage 3 gathered from all ranks, to be forgotten after use."""
        whole = all_gather(self.held) if self.stage == 3 else self.held
        parts = whole[: self.length].split([size.numel() for size in self.sizes])
        return {name: part.view(size) for name, part, size in zip(self.names, parts, self.sizes, strict=True)}

    def take(self, gradients: list[torch.Tensor]) -> None:
        """A backward pass brings gradients, by parameter; from stage 2 on they are divided at once."""
        row = torch.cat([gradient.flatten() for gradient in gradients]) / dist.get_world_size()
        row = nn.functional.pad(row, (0, -self.length % dist.get_world_size()))
        self.gradient = reduce_scatter(row) if self.stage >= 2 else row

    def step(self) -> None:
        """Add up the ranks' gradients, learn from the sum, and send what was learned to all that hold it."""
        own = self.gradient if self.stage >= 2 else reduce_scatter(self.gradient)
        self.learns.grad = all_gather(own) if self.stage == 0 else own
        self.adam.step()
        self.learns.grad = self.gradient = None
        if self.stage in (1, 2):
            self.held.copy_(all_gather(self.learns))

    def states(self) -> States:
        """Bytes that lie here between two passes, those behind a view of a part included."""
        held, gradient = (
            0 if row is None else row.untyped_storage().nbytes() for row in (self.held, self.gradient)
        )
        return States(held, gradient, self.adam.states().optimizer)


class _Compute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, unit, x, _):
        ctx.unit = unit
        ctx.save_for_backward(x)
        return torch.func.functional_call(unit.module, unit.parameters(), x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        x = x.detach().requires_grad_(x.is_floating_point())
        parameters = {n: value.detach().requires_grad_() for n, value in ctx.unit.parameters().items()}
        with torch.enable_grad():
            y = torch.func.functional_call(ctx.unit.module, parameters, x)
        wanted = [*parameters.values(), *([x] if x.requires_grad else [])]
        found = torch.autograd.grad(y, wanted, gradient)
        ctx.unit.take(list(found[: len(parameters)]))
        return None, found[-1] if x.requires_grad else None, None


@dataclass(frozen=True)
class Run:
    """What ranks say of their training: the mean loss of each step; bytes held and sent in a step, by rank.

    Bytes held are those before an optimizer's step, when most is there; sent ones are None where the system
    does not tell, headers of the messages included.
    """

    loss: list[float]
    held: list[States]
    sent: list[int | None]


def train(
    ranks: Ranks,
    stage: int,
    *,
    steps: int = 10,
    batch: int = 16,
    lr: float = 1e-3,
    precision: str = "fp32",
    model: Shape = LEARNER,
    seed: int = 0,
) -> Run:
    """Train on all ranks, each with its share of every batch, with what `stage` of ZeRO leaves on a rank.

    A head of its own is given to the model, since a unit cannot share its weights. `precision` is "fp32", or
    "mixed": bf16 with an FP32 copy. Raises ValueError for a stage other than 0 to 3, another precision, steps
    below 1 and a batch that the ranks do not divide, and RankEnded when a rank ends.
    """
    one_of("stage", stage, (0, 1, 2, 3))
    one_of("precision", precision, ("fp32", "mixed"))
    count(steps=steps, batch=batch)
    if batch % ranks.count:
        raise ValueError(f"batch must be a multiple of the {ranks.count} ranks, not {batch}")
    with Progress(steps * ranks.count, f"training at stage {stage}", show=ranks.progress) as bar:
        order = "course_lib.accounting.zero:work"
        answers = ranks.order(order, stage, steps, batch, lr, precision, model, seed, bar=bar)
    losses, held, sent = zip(*answers, strict=True)
    return Run([sum(row) / ranks.count for row in zip(*losses, strict=True)], list(held), list(sent))


def work(
    tell: Callable[[], None],
    stage: int,
    steps: int,
    batch: int,
    lr: float,
    precision: str,
    model: Shape,
    seed: int,
) -> tuple[list[float], States, int | None]:
    """An order: this rank's loss of each step, bytes it holds, and bytes it sends in a step."""
    rank, share = dist.get_rank(), batch // dist.get_world_size()
    network = Transformer(replace(model, tied=False), seed=seed)
    if precision == "mixed":
        network.bfloat16()
    units = [Unit(module, stage, lr) for module in (network.embedding, *network.blocks, network.head)]
    tokens = text(batch * steps, (model.positions or 16) + 1, model.vocabulary, seed)
    losses, held, sent = [], None, None
    anchor = torch.zeros((), requires_grad=True)  # so that autograd also comes back to the embedding
    for rows in tokens.split(batch):
        rows = rows[rank * share : (rank + 1) * share]
        before = sent_bytes()
        x = rows[:, :-1]
        for unit in units:
            x = _Compute.apply(unit, x, anchor)
        value = loss(x.float(), rows[:, 1:])
        value.backward()
        held = _sum([unit.states() for unit in units])
        for unit in units:
            unit.step()
        sent = None if before is None else sent_bytes() - before
        losses.append(value.item())
        tell()
    return losses, held, sent


def _sum(states: list[States]) -> States:
    return States(
        *(sum(getattr(s, part) for s in states) for part in ("parameters", "gradients", "optimizer"))
    )
