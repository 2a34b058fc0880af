"""Data-parallel training on real processes: each has the whole model and a share of every batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import count, not_negative, one_of, positive, row
from course_lib.costs import collectives
from course_lib.costs.collectives import Network
from course_lib.distributed import gradients
from course_lib.distributed.buckets import network as network_of
from course_lib.distributed.sentences import GPT, sentences
from course_lib.notebook.progress import Progress
from course_lib.ranks.processes import Ranks
from course_lib.ranks.source import Source, source_of
from course_lib.transformer.model import Transformer

# How ranks make one gradient of theirs: the right way, and mistakes that training does not show.
WAYS = ("by tokens", "mean of means", "sum", "no broadcast", "hook on the parameter")
Average = str | Callable
WORKER = "course_lib.distributed.worker"
RATES = {"sgd": 0.05, "adam": 1e-3}


@dataclass(frozen=True)
class Training:
    """What ranks say of a training.

    loss and seconds of each step (the slowest rank's), weights at the start and at the end as one row, bytes
    that each rank sent in a step (None where the system does not tell, headers included), bytes of the
    gradients, and the targets that counted in all steps.
    """

    loss: list[float]
    seconds: list[float]
    start: np.ndarray
    weights: np.ndarray
    sent_bytes: list[float] | None
    message_bytes: int
    tokens: int

    @property
    def step_seconds(self) -> float:
        """Seconds of the fastest step: other programs can only make one slower."""
        return min(self.seconds)

    @property
    def tokens_per_second(self) -> float:
        """Of the fastest step."""
        return self.tokens / len(self.seconds) / self.step_seconds


def gradient_difference(
    ranks: Ranks,
    average: Average = "by tokens",
    *,
    processes: int | None = None,
    sizes: Sequence[int] | None = None,
    seed: int = 0,
) -> float:
    """How far the ranks' gradient is from that of one process on the whole batch; of the worst rank.

    `sizes`: sequences of each rank, by default very different ones; targets are padded as well. `average`:
    one of WAYS, or a function average(gradients, tokens) like average_gradients, which every rank calls with
    the gradients of all. Norm of the difference over the norm of the right one. Raises ValueError for another
    way, sizes that are not one a rank, and no sequences at all, and RankEnded.
    """
    processes = _processes(ranks, processes)
    sizes = [2 + 3 * rank for rank in range(processes)] if sizes is None else sizes
    sizes = [int(size) for size in row("sizes", sizes, least=0, whole=True)]
    if len(sizes) != processes or not sum(sizes):
        raise ValueError(f"{processes} ranks need a size each, not {sizes}")
    answers = ranks.order(f"{WORKER}:one_gradient", processes, _sent(average), sizes, seed)
    network = Transformer(GPT, seed=seed)
    gradients.whole_batch(network, *sentences(sum(sizes), seed))
    right = gradients.grads(network)
    return max(gradients.difference(found, right) for found in answers[:processes])


def train(
    ranks: Ranks,
    processes: int | None = None,
    *,
    average: Average = "by tokens",
    optimizer: str = "sgd",
    steps: int = 20,
    batch: int = 16,
    rate: float | None = None,
    sequence_seconds: float = 0.0,
    link: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Training:
    """Train on the first `processes` ranks, which share every batch of so many sequences.

    `sequence_seconds`: a rank stands in for a slower device, on which a sequence takes at least so long.
    `link`: {"latency": s, "bandwidth": bytes/s} of each message of a ring, instead of this machine's own.
    Raises ValueError for arguments that make no sense, and RankEnded.
    """
    processes = _processes(ranks, processes)
    one_of("optimizer", optimizer, tuple(RATES))
    count(steps=steps, batch=batch)
    rate = RATES[optimizer] if rate is None else rate
    positive(rate=rate)
    not_negative(sequence_seconds=sequence_seconds)
    speed = None if link is None else _whole(link, processes)
    what = f"training on {processes} of {ranks.count} processes"
    with Progress(steps * processes, what, show=ranks.progress) as bar:
        answers = ranks.order(
            f"{WORKER}:steps", processes, _sent(average), optimizer, rate, steps, batch, sequence_seconds,
            speed, seed, bar=bar,
        )[:processes]  # fmt: skip
    losses, seconds, sent, start, weights, tokens = zip(*answers, strict=True)
    total = np.sum(tokens, axis=0)
    return Training(
        loss=(np.where(np.array(tokens) > 0, np.array(losses) * tokens, 0).sum(axis=0) / total).tolist(),
        seconds=np.max(seconds, axis=0).tolist(),
        start=start[0],
        weights=weights[0],
        sent_bytes=None if None in sent else list(sent),
        message_bytes=start[0].nbytes,
        tokens=int(total.sum()),
    )


def way_off(wrong: Training, right: Training) -> float:
    """How far apart two trainings from one start ended, as a share of the way that the right one went."""
    return float(np.linalg.norm(wrong.weights - right.weights) / np.linalg.norm(right.weights - right.start))


def predicted_speedup(
    batch: int, sequence_seconds: float, nbytes: float, processes: int, link: Mapping[str, float]
) -> float:
    """Of devices on which a sequence takes so long, joined in a ring by such links, over one device.

    A step lasts as long as the largest share, and an all-reduce of `nbytes` after it. Raises ValueError for
    numbers that make no sense.
    """
    count(batch=batch, processes=processes)
    positive(sequence_seconds=sequence_seconds)
    share = -(-batch // processes)
    message = collectives.seconds("all_reduce", nbytes, processes, network_of(link))
    return batch * sequence_seconds / (share * sequence_seconds + message)


def all_reduce_link(link: Mapping[str, float], processes: int) -> dict[str, float]:
    """What a whole all-reduce sees of a ring of such links: 2(N - 1) latencies, 2(N - 1)/N of the bytes.

    Raises ValueError for numbers that make no sense.
    """
    whole = _whole(link, processes)
    return {"latency": whole.latency, "bandwidth": whole.bandwidth}


def _whole(link: Mapping[str, float], processes: int) -> Network:
    one = network_of(link)
    sent = collectives.bytes_sent("all_reduce", 1.0, processes)
    steps = collectives.steps("all_reduce", processes)
    return Network(steps * one.latency, one.bandwidth / sent if sent else one.bandwidth)


def _processes(ranks: Ranks, processes: int | None) -> int:
    processes = ranks.count if processes is None else processes
    count(1, ranks.count, processes=processes)
    return processes


def _sent(average: Average) -> str | Source:
    if callable(average):
        return source_of(average)
    one_of("average", average, WAYS)
    return average
