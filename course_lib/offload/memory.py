"""A chat that outgrows its card: which steps each way out takes, and what they cost by the roofline.

A turn reads a prompt and writes an answer. Each answer token is one step; a turn's first step also computes
the prompt. The last token of an answer has no keys and values yet: the next turn's prompt brings it along.
"""

import functools
from dataclasses import dataclass, replace

from course_lib import shapes
from course_lib.arguments import (
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TEXT,
    WHOLE,
    a,
    check_fields,
    count,
    instance,
    takes,
)
from course_lib.costs.roofline import Device, Work, prefill_work
from course_lib.hardware import GPU, Link
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape

POLICIES = ("refuse", "recompute", "offload", "window", "int8 weights")


@dataclass(frozen=True)
class Step:
    """`new` tokens are computed that attend to `cached` ones; keys and values of `outside` cross the link.

    Raises ValueError for negative numbers; that a step computes something, Server.seconds sees to.
    """

    cached: int
    new: int
    outside: int = 0

    def __post_init__(self):
        whole = type(self.cached) is type(self.new) is type(self.outside) is int
        if not whole or min(self.cached, self.new, self.outside) < 0:
            check_fields(self, cached=WHOLE, new=WHOLE, outside=WHOLE)


@dataclass(frozen=True)
class Turn:
    """A turn of a chat that has `context` tokens after it, of which the model no longer sees `forgotten`.

    No steps: the turn was refused. `held` and `outside`: tokens whose keys and values lie on the card and in
    host memory at the turn's end. Raises ValueError for negative numbers.
    """

    context: int
    steps: tuple[Step, ...] = ()
    held: int = 0
    outside: int = 0
    forgotten: int = 0

    def __post_init__(self):
        check_fields(self, context=WHOLE, held=WHOLE, outside=WHOLE, forgotten=WHOLE)

    @property
    def refused(self) -> bool:
        """Memory did not suffice, so there is no answer."""
        return not self.steps


@takes(policy=TEXT, room=NUMBER, turns=NUMBER, prompt=NUMBER, answer=NUMBER)
def plan(policy: str, room: int, turns: int, prompt: int, answer: int) -> list[Turn]:
    """The turns of a chat whose keys and values have `room` tokens of space on the card.

    "refuse" (and "int8 weights", whose room is larger): all of the chat or none. "recompute": nothing is kept
    between turns, and what does not fit is computed again for each token. "offload": what does not fit lies
    in host memory. "window": the oldest go first. Raises ValueError for another policy, a chat without
    tokens, and no room for even one turn.
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown policy {policy!r}; known: {', '.join(POLICIES)}")
    if min(turns, prompt, answer) < 1:
        raise ValueError(
            f"turns, prompt and answer must be at least 1, not {turns}, {prompt} and {answer} tokens"
        )
    for name, value in (("turns", turns), ("prompt", prompt), ("answer", answer)):
        count(1, 10**7, **{name: value})
    if turns * answer > 10**7:
        raise ValueError(f"turns times answer must be at most 10,000,000 steps, not {turns * answer:,}")
    if room < prompt + answer:
        raise ValueError(f"room for {room} tokens does not hold a turn of {prompt} + {answer}")
    done = []
    for turn in range(turns):
        before = turn * (prompt + answer)
        context = before + prompt + answer
        known = max(0, before - 1)
        total = context - 1  # tokens with keys and values at the end
        if policy in ("refuse", "int8 weights"):
            if total > room:
                done.append(Turn(context))
                continue
            steps = _steps(known, before + prompt, answer)
            done.append(Turn(context, steps, held=total))
        elif policy == "recompute":
            steps = [Step(0, before + prompt)]
            for seen in range(before + prompt, total):
                stored = min(seen, room)
                steps.append(Step(stored, seen + 1 - stored))
            done.append(Turn(context, tuple(steps), held=min(total, room)))
        elif policy == "offload":
            steps = (
                replace(step, outside=max(0, step.cached - room))
                for step in _steps(known, before + prompt, answer)
            )
            done.append(Turn(context, tuple(steps), held=min(total, room), outside=max(0, total - room)))
        else:
            # Room for the new tokens is made before they are computed.
            steps = (
                replace(step, cached=min(step.cached, room - step.new))
                for step in _steps(known, before + prompt, answer)
            )
            done.append(Turn(context, tuple(steps), held=min(total, room), forgotten=max(0, total - room)))
    return done


def _steps(known: int, prompted: int, answer: int) -> tuple[Step, ...]:
    """A turn that begins with `known` tokens in the cache and `prompted` in the chat, and keeps all."""
    first = Step(known, prompted - known)
    return (first, *(Step(prompted + token, 1) for token in range(answer - 1)))


@dataclass(frozen=True)
class Server:
    """A model on a card: what `weight_bytes` and `reserve` leave of its memory is room for a cache.

    Raises ValueError for rates and bytes of a number that are not above 0, and other bytes that are negative.
    """

    shape: Shape
    device: Device
    link_rate: float
    weight_bytes: float
    reserve: float = 0
    kv_number: float = 2

    def __post_init__(self):
        check_fields(
            self, shape=a(Shape), device=a(Device), link_rate=POSITIVE, weight_bytes=NOT_NEGATIVE,
            reserve=NOT_NEGATIVE, kv_number=POSITIVE,
        )  # fmt: skip

    @classmethod
    @takes(link=a(Link))
    def of(cls, shape: Shape, gpu: GPU, link: Link, weight_bytes: float, **rest) -> "Server":
        """By the data sheets: the card's peak rates, and the link's typical rate where one is known.

        Raises ValueError as the class.
        """
        return cls(shape, Device.of(gpu), link.typical or link.peak, weight_bytes, **rest)

    @property
    def room(self) -> int:
        """Tokens whose keys and values fit beside the weights."""
        free = self.device.memory_bytes - self.weight_bytes - self.reserve
        return shapes.tokens_that_fit(free, self.shape, self.kv_number)

    @property
    def token_bytes(self) -> float:
        """Bytes of one token's keys and values."""
        return shapes.kv_bytes_per_token(self.shape, self.kv_number)

    @reference("Q9.3")
    def seconds(self, step: Step) -> float:
        """Least time of a step: the roofline of its work, and after it the link, without overlap.

        Only the step's last token goes through the output head. Weights are read once, keys and values of
        all its tokens too. Raises ValueError for a step that computes nothing.
        """
        instance("step", step, Step)
        if step.new < 1:
            raise ValueError(f"a step computes at least one token, not {step.new}")
        flops = _prefill_flops(self.shape, step.cached + step.new)
        if step.cached:
            head = 2 * self.shape.vocabulary * self.shape.width
            flops -= _prefill_flops(self.shape, step.cached) - head
        nbytes = self.weight_bytes + self.token_bytes * (step.cached + step.new)
        copied = self.token_bytes * step.outside / self.link_rate
        return self.device.seconds(Work(flops, nbytes)) + copied


@functools.lru_cache(maxsize=2**15)
def _prefill_flops(shape: Shape, tokens: int) -> float:
    return prefill_work(shape, [tokens]).flops


@dataclass(frozen=True)
class Delays:
    """What a user waits in a turn, in seconds: for the first token, and for each token after it (mean)."""

    first: float
    token: float
    turn: float


def delays(server: Server, turn: Turn) -> Delays | None:
    """A turn's delays by `Server.seconds`; None for a refused one. A token: the mean after the first.

    Raises ValueError for a turn with a step that computes nothing.
    """
    instance("server", server, Server)
    instance("turn", turn, Turn)
    if turn.refused:
        return None
    first, *later = map(server.seconds, turn.steps)
    return Delays(first, sum(later) / len(later) if later else first, first + sum(later))
