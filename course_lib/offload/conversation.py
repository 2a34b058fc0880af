"""A chat that really runs: a decoder in an enforced memory budget, under each policy of `memory.plan`.

On a CPU the budget is a count, and host memory another pool of the same memory; bytes are moved all the same.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from course_lib.arguments import COUNT, FINITE, INTEGER, WHOLE, a, count, each, instance, takes
from course_lib.kv_cache import (
    Budget,
    Cache,
    ContiguousCache,
    Decoder,
    OffloadedCache,
    OutOfMemory,
    PagePool,
    WindowedCache,
    step,
)
from course_lib.offload.memory import POLICIES
from course_lib.shapes import tokens_that_fit

PAGE = 16  # tokens


@dataclass(frozen=True)
class Waited:
    """What a turn took, in seconds: until its first token, and each later one; and what it held, in bytes.

    On one core these are seconds in which the processor worked for it: other programs do not count.

    answer: the tokens said. computed: tokens that went through the layers. None of either: it was refused.
    """

    context: int
    seconds: tuple[float, ...] = ()
    answer: tuple[int, ...] = ()
    computed: int = 0
    cache_bytes: int = 0
    host_bytes: int = 0

    @property
    def refused(self) -> bool:
        """Memory did not suffice."""
        return not self.answer

    @property
    def first(self) -> float:
        """Seconds to the first token."""
        return self.seconds[0]

    @property
    def token(self) -> float:
        """Median seconds of a later token."""
        return sorted(self.seconds[1:])[len(self.seconds[1:]) // 2]

    @property
    def turn(self) -> float:
        """Seconds of the whole turn."""
        return sum(self.seconds)


class PrefixCache(ContiguousCache):
    """Keeps the first `capacity` tokens; later ones are used in their step, one layer at a time, and dropped.

    `length` stays at `capacity`, so the next step must bring the dropped tokens along again. Their keys and
    values of one layer are counted in the budget while the step runs.
    """

    def reserve(self, tokens: int) -> None:
        stored = min(tokens, self.capacity - self.length)
        super().reserve(stored)
        self._passing = (tokens - stored) * self.token_bytes // self.shape.layers
        if self.budget is not None:
            self.budget.take("computed again", self._passing)

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        stored = min(len(keys), self.capacity - self.length)
        held = super().append(layer, keys[:stored], values[:stored])
        if stored == len(keys):
            return held
        return torch.cat((held[0], keys[stored:])), torch.cat((held[1], values[stored:]))

    def advance(self, tokens: int) -> None:
        super().advance(min(tokens, self.capacity - self.length))
        if self.budget is not None:
            self.budget.give("computed again", self._passing)


class Conversation:
    """A chat of `decoder` under one policy, in `budget_bytes` of memory, for up to `longest` tokens.

    The weights are the budget's first holder, so give "int8 weights" a decoder that has them. Not counted:
    activations, and the tokens of a prompt beside a full window while one layer reads them. Raises ValueError
    for another policy, and OutOfMemory where not even the weights fit.
    """

    def __init__(self, policy: str, decoder: Decoder, budget_bytes: int, longest: int):
        instance("policy", policy, str)
        count(1, 10**9, longest=longest)
        if policy not in POLICIES:
            raise ValueError(f"unknown policy {policy!r}; known: {', '.join(POLICIES)}")
        self.policy, self.decoder = policy, decoder
        self.budget = Budget(budget_bytes, decoder.device)
        self.budget.take("weights", decoder.nbytes)
        self.room = room(decoder, budget_bytes)
        # What does not stay passes through the card one layer at a time, and needs room while it does.
        self.kept = beside_one_layer(self.room, longest, decoder.shape.layers)
        self.tokens: list[int] = []
        self.cache = self._cache(longest)

    def _cache(self, longest: int) -> Cache:
        shape, place = self.decoder.shape, {"dtype": self.decoder.dtype, "device": self.decoder.device}
        if self.policy == "window":
            return WindowedCache(shape, self.room, budget=self.budget, **place)
        if self.policy == "recompute":
            return PrefixCache(shape, self.kept, budget=self.budget, **place)
        if self.policy == "offload":
            hot, pages = self.kept // PAGE, -(-longest // PAGE)
            pool = PagePool(shape, hot, PAGE, budget=self.budget, **place)
            host = PagePool(
                shape, pages, PAGE, dtype=place["dtype"], pinned=self.decoder.device.type == "cuda"
            )
            return OffloadedCache(pool, host, hot)
        return ContiguousCache(shape, self.room, budget=self.budget, **place)

    @takes(prompt=each(INTEGER, empty=False), answer=COUNT)
    def turn(self, prompt: Sequence[int], answer: int) -> Waited:
        """Read a prompt and say `answer` tokens, the most likely each time.

        A turn that memory cuts short is refused as a whole; the chat goes on as if it had been answered with
        token 0, so every later turn asks for more still. Raises ValueError for an empty prompt or answer.
        """
        context = len(self.tokens) + len(prompt) + answer
        if self.policy == "recompute":
            self.cache.release()
        held, self.tokens = len(self.tokens), [*self.tokens, *prompt]
        seconds, computed, now = [], 0, _clock(self.decoder)
        try:
            for _ in range(answer):
                # The last token said, and whatever the policy did not keep, have no keys and values yet.
                new = self.tokens[self.cache.length :]
                started = now()
                token = int(step(self.decoder, [new], [self.cache])[0].argmax())
                seconds.append(now() - started)
                computed += len(new)
                self.tokens.append(token)
        except OutOfMemory:
            self.tokens = [*self.tokens[: held + len(prompt)], *[0] * answer]
            return Waited(context)
        return Waited(
            context,
            tuple(seconds),
            tuple(self.tokens[-answer:]),
            computed,
            self.cache.nbytes,
            getattr(self.cache, "host_bytes", 0),
        )


def _clock(decoder: Decoder) -> Callable[[], float]:
    """Where this thread does all the work, the time in which it runs; else the time that passes."""
    works_alone = decoder.device.type == "cpu" and torch.get_num_threads() == 1
    return time.thread_time if works_alone else time.perf_counter


@takes(decoder=a(Decoder), budget_bytes=FINITE)
def room(decoder: Decoder, budget_bytes: int) -> int:
    """Tokens whose keys and values fit beside the decoder's weights, in the decoder's own dtype.

    Raises ValueError for a budget that is not finite.
    """
    return tokens_that_fit(budget_bytes - decoder.nbytes, decoder.shape, decoder.dtype.itemsize)


@takes(room=FINITE, longest=WHOLE, layers=COUNT)
def beside_one_layer(room: int, longest: int, layers: int) -> int:
    """Tokens to keep, in whole pages, so that one layer's share of the others still fits into `room`.

    With k kept of n: k + (n - k) / layers <= room. Raises ValueError for a single layer, whose share is all,
    no layer, and a negative length.
    """
    if longest <= room:
        return room // PAGE * PAGE
    if layers == 1:
        raise ValueError("of a single layer, nothing can pass through while the rest waits elsewhere")
    return max(0, int((room * layers - longest) // (layers - 1)) // PAGE * PAGE)
