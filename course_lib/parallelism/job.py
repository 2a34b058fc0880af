"""What ranks are asked to do, and what came of it."""

from dataclasses import dataclass, field

import numpy as np

from course_lib.costs.layouts import Layout


@dataclass(frozen=True)
class Job:
    """Greedy generation by a small decoder with random weights: `users` prompts, `answer` tokens for each.

    `groups`: how many groups each replica's users form, which are in the pipeline at the same time; one a
    stage by default. With `layer_seconds` a rank stands in for a slower device: it computes what it has
    to, then sleeps until a layer has taken that long, and `user_seconds` more for each user in the group.
    """

    layers: int = 4
    width: int = 64
    heads: int = 4
    vocabulary: int = 256
    users: int = 8
    prompt: int = 4
    answer: int = 8
    groups: int | None = None
    layer_seconds: float = 0.0
    user_seconds: float = 0.0
    seed: int = 0

    def __post_init__(self):
        counts = (self.layers, self.heads, self.vocabulary, self.users, self.prompt, self.answer)
        if min(counts) < 1 or self.width % self.heads:
            raise ValueError(f"counts must be at least 1 and heads must divide the width: {self}")
        if self.groups is not None and self.groups < 1:
            raise ValueError(f"users form at least one group, not {self.groups}")

    def check(self, layout: Layout) -> None:
        """Raise ValueError, naming what does not divide, when the layout cannot hold the model."""
        if self.heads % layout.tensor or self.vocabulary % layout.tensor:
            raise ValueError(
                f"{layout.tensor} shards must divide {self.heads} heads and {self.vocabulary} tokens"
            )
        if layout.pipeline > self.layers:
            raise ValueError(f"{self.layers} layers make no {layout.pipeline} stages")
        if layout.replicas > self.users:
            raise ValueError(f"{layout.replicas} replicas need as many users, not {self.users}")

    def users_of(self, layout: Layout, replica: int) -> list[np.ndarray]:
        """The users (indices) of a replica, group by group."""
        own = np.array_split(np.arange(self.users), layout.replicas)[replica]
        return np.array_split(own, min(len(own), self.groups or layout.pipeline))

    def layers_of(self, layout: Layout, stage: int) -> np.ndarray:
        """The layers (indices) of a stage."""
        return np.array_split(np.arange(self.layers), layout.pipeline)[stage]


@dataclass(frozen=True)
class Spell:
    """A time, in seconds since the job began, in which a rank computed for one group."""

    start: float
    end: float
    group: int


@dataclass(frozen=True)
class RankReport:
    """One rank's account: when it computed, bytes it sent (None where the system does not tell), weights."""

    spells: list[Spell]
    began: float
    ended: float
    sent_bytes: int | None
    weight_bytes: int


@dataclass(frozen=True)
class Run:
    """What a job in a layout gave: tokens (users, answer), logits (users, answer, vocabulary), each rank."""

    job: Job
    layout: Layout
    tokens: np.ndarray
    logits: np.ndarray
    ranks: list[RankReport] = field(repr=False)

    @property
    def seconds(self) -> float:
        """From the first rank's start to the last one's end."""
        return max(rank.ended for rank in self.ranks) - min(rank.began for rank in self.ranks)

    @property
    def tokens_per_second(self) -> float:
        """Of all users together."""
        return self.tokens.size / self.seconds

    @property
    def token_seconds(self) -> float:
        """Time from one token of a user to the next."""
        return self.seconds / self.job.answer

    @property
    def idle(self) -> float:
        """Share of the ranks' time in which they did not compute: they waited or passed messages."""
        busy = sum(spell.end - spell.start for rank in self.ranks for spell in rank.spells)
        return 1 - busy / (len(self.ranks) * self.seconds)

    @property
    def sent_bytes(self) -> int | None:
        """Bytes all ranks sent to each other, headers included."""
        sent = [rank.sent_bytes for rank in self.ranks]
        return None if None in sent else sum(sent)


def largest_difference(run: Run, other: Run) -> float:
    """Largest difference of two runs' logits, relative to the largest logit; infinite if a token differs."""
    if not np.array_equal(run.tokens, other.tokens):
        return float("inf")
    return float(np.abs(run.logits - other.logits).max() / np.abs(other.logits).max())
