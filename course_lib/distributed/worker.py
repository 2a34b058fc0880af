"""What one rank does in data-parallel training, whichever way the ranks make one gradient of theirs."""

import functools
import math
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.distributed as dist

from course_lib.costs.collectives import Network
from course_lib.distributed import gradients
from course_lib.distributed.partition import partition
from course_lib.distributed.sentences import GPT, sentences, tokens_that_count
from course_lib.notebook.reference import reference
from course_lib.ranks.device import device
from course_lib.ranks.pace import PacedLink, sleep_until
from course_lib.ranks.source import Source, load
from course_lib.ranks.traffic import sent_bytes
from course_lib.training import SGD, Adam
from course_lib.transformer.model import Transformer


class Averaging:
    """How a rank and the others of its group make one gradient of theirs, in the parameters' .grad."""

    def __init__(self, way: str | Source, network: torch.nn.Module, group, link: PacedLink | None = None):
        self.way, self.parameters, self.group, self.link = way, list(network.parameters()), group, link
        self.function = load(way) if isinstance(way, Source) else None
        self.sent: int | None = None
        if way == "hook on the parameter":
            for parameter in self.parameters:
                parameter.register_post_accumulate_grad_hook(self._reduce_the_parameter)

    def __call__(self, tokens: list[int], rank: int) -> None:
        """`tokens`: the targets that counted on each rank."""
        if self.way == "hook on the parameter":
            return
        own = gradients.flat([parameter.grad for parameter in self.parameters], self.parameters)
        before = sent_bytes()
        row = self._by_function(own, tokens) if self.function else self._row(own, tokens, rank)
        self.sent = None if before is None else sent_bytes() - before
        for parameter, part in zip(self.parameters, gradients.unflat(row, self.parameters), strict=True):
            parameter.grad = part.clone()

    @reference("Lab5.2")
    def _row(self, own: torch.Tensor, tokens: list[int], rank: int) -> torch.Tensor:
        """The gradient that the ranks make of their own ones (rows), in the library's ways."""
        if self.way in ("by tokens", "no broadcast"):
            # A mean over no token is NaN.
            own = own * (tokens[rank] / sum(tokens)) if tokens[rank] else torch.zeros_like(own)
        if self.link is not None:
            self.link.all_reduce(own).result()
        else:
            dist.all_reduce(own, group=self.group)
        return own / len(tokens) if self.way == "mean of means" else own

    def _by_function(self, own: torch.Tensor, tokens: list[int]) -> torch.Tensor:
        rows = [torch.empty_like(own) for _ in tokens]
        dist.all_gather(rows, own, group=self.group)
        parts = [[part.cpu().numpy() for part in gradients.unflat(row, self.parameters)] for row in rows]
        found = self.function(parts, tokens)
        if len(found) != len(self.parameters):
            raise ValueError(f"{self.way.name} must return {len(self.parameters)} arrays, not {len(found)}")
        tensors = [
            None if part is None else torch.as_tensor(part, dtype=own.dtype, device=own.device)
            for part in found
        ]
        for number, (tensor, parameter) in enumerate(zip(tensors, self.parameters, strict=True)):
            if tensor is not None and tensor.shape != parameter.shape:
                raise ValueError(
                    f"{self.way.name} must return an array of shape {tuple(parameter.shape)} for tensor "
                    f"{number}, not {tuple(tensor.shape)}"
                )
        return gradients.flat(tensors, self.parameters)

    def _reduce_the_parameter(self, parameter: torch.nn.Parameter) -> None:
        dist.all_reduce(parameter.data, group=self.group)


@functools.cache  # a group has connections and threads of its own, which nobody would end
def group_of(processes: int) -> tuple[dist.ProcessGroup | None, bool]:
    """The first so many ranks as a group, and whether this one belongs to it; all ranks must call it."""
    group = dist.new_group(list(range(processes)))
    return group, dist.get_rank() < processes


def backward(network: torch.nn.Module, tokens: torch.Tensor, targets: torch.Tensor) -> float:
    """Mean loss of this rank's sequences, whose gradients come to the parameters; NaN for no sequence."""
    if not len(tokens):
        return math.nan
    loss = gradients.mean_loss(network, tokens, targets)
    loss.backward()
    return loss.item()


def one_gradient(
    tell: Callable[[], None], processes: int, way: str | Source, sizes: list[int], seed: int
) -> np.ndarray | None:
    """An order: this rank's gradient of a batch that the ranks share, after all have made one of theirs."""
    group, belongs = group_of(processes)
    if not belongs:
        return None
    rank = dist.get_rank()
    network = Transformer(GPT, seed=seed + rank if way == "no broadcast" else seed).to(device())
    averaging = Averaging(way, network, group)
    shares = [
        [part.to(device()) for part in pair]
        for pair in zip(*(whole.split(sizes) for whole in sentences(sum(sizes), seed)), strict=True)
    ]
    backward(network, *shares[rank])
    averaging([tokens_that_count(targets) for _, targets in shares], rank)
    return gradients.grads(network)


def steps(
    tell: Callable[[], None],
    processes: int,
    way: str | Source,
    optimizer: str,
    rate: float,
    number: int,
    batch: int,
    sequence_seconds: float,
    speed: Network | None,
    seed: int,
) -> tuple | None:
    """An order: losses and seconds of each step, bytes sent, weights at both ends, and targets that count."""
    group, belongs = group_of(processes)
    if not belongs:
        return None
    rank = dist.get_rank()
    network = Transformer(GPT, seed=seed + rank if way == "no broadcast" else seed).to(device())
    parameters = network.parameters()
    learner = SGD(parameters, rate) if optimizer == "sgd" else Adam(parameters, rate, fused=True)
    link = None if speed is None else PacedLink(speed, group)
    averaging = Averaging(way, network, group, link)
    start = gradients.flat(averaging.parameters, averaging.parameters).cpu().numpy()
    tokens, targets = (whole.split(batch) for whole in sentences(batch * number, seed))
    losses, seconds, counted = [], [], []
    for step in range(number):
        shares = partition(batch, processes, step, seed)
        x, y = tokens[step][shares[rank]].to(device()), targets[step][shares[rank]].to(device())
        dist.barrier(group=group)
        began = time.perf_counter()
        learner.zero_grad()
        losses.append(backward(network, x, y))
        sleep_until(began + len(x) * sequence_seconds)
        all_counted = [tokens_that_count(targets[step][share]) for share in shares]
        averaging(all_counted, rank)
        learner.step()
        seconds.append(time.perf_counter() - began)
        counted.append(all_counted[rank])
        tell()
    weights = gradients.flat(averaging.parameters, averaging.parameters).cpu().numpy()
    return losses, seconds, averaging.sent, start, weights, counted
