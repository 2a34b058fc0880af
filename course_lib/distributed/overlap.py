"""A backward pass on real processes whose gradients leave in buckets over a link of a speed that is set."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist

from course_lib.arguments import FINITE, count, positive, row
from course_lib.costs.collectives import Network
from course_lib.distributed import gradients
from course_lib.distributed.buckets import departures
from course_lib.distributed.buckets import network as network_of
from course_lib.distributed.sentences import GPT, sentences, tokens_that_count
from course_lib.distributed.worker import group_of
from course_lib.notebook.progress import Progress
from course_lib.ranks.device import device
from course_lib.ranks.pace import PacedLink, sleep_until
from course_lib.ranks.processes import Ranks
from course_lib.shapes import Shape
from course_lib.transformer.model import Transformer


@dataclass(frozen=True)
class Overlap:
    """A backward pass and its messages, in seconds from its start, of the fastest repeat.

    seconds: until the last bucket has arrived on all ranks; ready: when each tensor's gradient was there, and
    messages: start and end of each bucket, on the first rank; difference: how far the gradients of all ranks
    are from those of one process.
    """

    seconds: float
    ready: list[float]
    messages: list[tuple[float, float]]
    difference: float


def tensor_bytes(model: Shape = GPT) -> list[int]:
    """Bytes of each parameter tensor, in the order of the forward pass."""
    return [parameter.nbytes for parameter in in_forward_order(Transformer(model))]


def in_forward_order(network: Transformer) -> list[torch.nn.Parameter]:
    """Parameters as the forward pass comes to them: embedding, block by block, head."""
    parts = [network.embedding]
    for block in network.blocks:
        attention = [block.norm1, block.query, block.key, block.value, block.output]
        parts += [*attention, block.norm2, block.up, *([block.gate] if block.gate else []), block.down]
    return [parameter for part in (*parts, network.head) for parameter in part.parameters()]


def ready_times(nbytes: Sequence[float], seconds: float) -> list[float]:
    """When each gradient is there in a backward pass of `seconds`, in which each takes its share by bytes.

    The last tensor comes first. Raises ValueError for seconds not above 0, and for no bytes at all.
    """
    positive(seconds=seconds)
    behind = np.cumsum(row("nbytes", nbytes, least=0).astype(float)[::-1])[::-1]
    positive(bytes=behind[0])
    return (seconds * behind / behind[0]).tolist()


def saved_share(
    seconds: float, ready: Sequence[float], nbytes: Sequence[float], link: Mapping[str, float]
) -> float:
    """What was saved against one message after the backward pass, as a share of that message's time.

    1 if all of it was hidden, 0 if nothing was; negative where the buckets took longer than one message.
    """
    FINITE("seconds", seconds)
    row("nbytes", nbytes)
    ((leaves, arrived),) = departures(ready, nbytes, [range(len(nbytes))], link)
    return (arrived - seconds) / (arrived - leaves)


def backward(
    ranks: Ranks,
    buckets: Sequence[Sequence[int]],
    link: Mapping[str, float],
    *,
    processes: int | None = None,
    seconds: float | None = 0.2,
    sequences: int = 4,
    repeats: int = 3,
    seed: int = 0,
) -> Overlap:
    """Real gradients of all ranks, added up bucket by bucket while the backward pass goes on.

    `buckets`: numbers of tensors as in `tensor_bytes`, in the order in which they leave. `link` of a whole
    all-reduce, as in step_time. `seconds`: a rank stands in for a slower device, whose backward pass lasts so
    long (`ready_times`); None for this machine's own speed. `sequences`: of each rank. Raises ValueError for
    buckets that do not hold each tensor once, and for numbers that make no sense, and RankEnded.
    """
    processes = ranks.count if processes is None else processes
    count(1, ranks.count, processes=processes)
    count(repeats=repeats, sequences=sequences)
    nbytes = tensor_bytes()
    plan = [[int(number) for number in bucket] for bucket in buckets]
    departures([0.0] * len(nbytes), nbytes, plan, link)
    if sum(map(len, plan)) != len(nbytes):
        raise ValueError(f"buckets must hold all {len(nbytes)} tensors, not {sum(map(len, plan))}")
    times = [0.0] * len(nbytes) if seconds is None else ready_times(nbytes, seconds)
    with Progress(processes * repeats, f"backward in {len(plan)} buckets", show=ranks.progress) as bar:
        answers = ranks.order(
            f"{__name__}:work", processes, plan, times, network_of(link), sequences, repeats, seed, bar=bar
        )[:processes]
    network = Transformer(GPT, seed=seed)
    gradients.whole_batch(network, *sentences(sequences * processes, seed))
    right = gradients.grads(network)
    rows = [row for _, row in answers]
    lasted = [max(runs[repeat][0] for runs, _ in answers) for repeat in range(repeats)]
    fastest = int(np.argmin(lasted))
    _, ready, messages = answers[0][0][fastest]
    return Overlap(lasted[fastest], ready, messages, max(gradients.difference(row, right) for row in rows))


class Sender:
    """Sends a bucket as soon as its last gradient is there and all earlier buckets have left."""

    def __init__(
        self,
        parameters: list[torch.nn.Parameter],
        plan: list[list[int]],
        times: list[float],
        link: PacedLink,
        weight: float,
    ):
        self.parameters, self.plan, self.times, self.link, self.weight = parameters, plan, times, link, weight
        self.bucket_of = {number: place for place, bucket in enumerate(plan) for number in bucket}
        for number, parameter in enumerate(parameters):
            parameter.register_post_accumulate_grad_hook(lambda _, number=number: self._there(number))

    def begin(self, began: float) -> None:
        """A backward pass begins."""
        self.began, self.sent = began, []
        self.ready = [0.0] * len(self.parameters)
        self.missing = [len(bucket) for bucket in self.plan]

    def _there(self, number: int) -> None:
        sleep_until(self.began + self.times[number])
        self.ready[number] = time.perf_counter() - self.began
        self.missing[self.bucket_of[number]] -= 1
        while len(self.sent) < len(self.plan) and not self.missing[len(self.sent)]:
            tensors = [self.parameters[other].grad for other in self.plan[len(self.sent)]]
            row = torch.cat([tensor.flatten() for tensor in tensors]) * self.weight
            self.sent.append((row, self.link.all_reduce(row)))

    def end(self) -> list[tuple[float, float]]:
        """Wait for all messages, put what came into the gradients; start and end of each message."""
        spans = []
        for bucket, (sums, message) in zip(self.plan, self.sent, strict=True):
            spans.append(tuple(moment - self.began for moment in message.result()))
            like = [self.parameters[number] for number in bucket]
            for parameter, part in zip(like, gradients.unflat(sums, like), strict=True):
                parameter.grad.copy_(part)
        return spans


def work(
    tell: Callable[[], None],
    processes: int,
    plan: list[list[int]],
    times: list[float],
    speed: Network,
    sequences: int,
    repeats: int,
    seed: int,
) -> tuple[list, np.ndarray] | None:
    """An order: (seconds, ready, messages) of each repeat, and the gradient in the order of parameters()."""
    group, belongs = group_of(processes)
    if not belongs:
        return None
    rank, network, runs = dist.get_rank(), Transformer(GPT, seed=seed).to(device()), []
    whole = sentences(sequences * processes, seed)
    x, y = (part.split(sequences)[rank].to(device()) for part in whole)
    weight = tokens_that_count(y) / tokens_that_count(whole[1])
    with PacedLink(speed, group) as link:
        sender = Sender(in_forward_order(network), plan, times, link, weight)
        for _ in range(repeats):
            network.zero_grad()
            loss = gradients.mean_loss(network, x, y)
            dist.barrier(group=group)
            sender.begin(time.perf_counter())
            loss.backward()
            messages = sender.end()
            runs.append((time.perf_counter() - sender.began, sender.ready, messages))
            tell()
    return runs, gradients.grads(network)
