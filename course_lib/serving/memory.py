"""Room for keys and values: what a request reserves, or what it has grown to."""

import math
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import COUNT, POSITIVE, between, check_fields, or_none, real


@dataclass(frozen=True)
class Memory:
    """`room` bytes for KV cache, of which a token takes `bytes_per_token` at 16 bits per number.

    block: tokens that are given out together. grow: a request holds what it has, instead of a reservation
    for all its tokens. reserve: tokens that every request reserves, as a server must that does not know the
    output's length; None: input and output exactly. window: only the last so many tokens are kept. bits: of
    a stored number. swap_rate: bytes/s to host memory and back, for preemption by swapping. Raises ValueError
    for what is not above 0, a block of more than 2^20 tokens, and a reserve where requests grow.
    """

    room: float = math.inf
    bytes_per_token: float = 1.0
    block: int = 1
    grow: bool = False
    reserve: int | None = None
    window: int | None = None
    bits: int = 16
    swap_rate: float = math.inf

    def __post_init__(self):
        for name in ("room", "bytes_per_token", "block", "bits", "swap_rate"):
            value = getattr(self, name)
            if not real(name, value) > 0:
                raise ValueError(f"{name} must be greater than 0, not {value}")
        for name in ("reserve", "window"):
            value = getattr(self, name)
            if value is not None and not real(name, value) >= 1:
                raise ValueError(f"{name} must be at least 1 or None, not {value}")
        check_fields(
            self, block=between(1, 2**20), bytes_per_token=POSITIVE, bits=POSITIVE, reserve=or_none(COUNT),
            window=or_none(COUNT),
        )  # fmt: skip
        if self.grow and self.reserve is not None:
            raise ValueError("a request either grows or reserves: reserve must be None with grow")

    @property
    def token_bytes(self) -> float:
        """Bytes of one token's keys and values at these bits."""
        return self.bytes_per_token * self.bits / 16

    @property
    def capacity(self) -> float:
        """Whole blocks that fit, in tokens; infinite without a limit."""
        if math.isinf(self.room):
            return math.inf
        return math.floor(self.room / self.token_bytes / self.block) * self.block

    def held(self, tokens: int) -> int:
        """Tokens of room that a sequence of `tokens` takes: at most the window, in whole blocks."""
        kept = tokens if self.window is None or tokens < self.window else self.window
        return -(-kept // self.block) * self.block

    def reserved(self, input_tokens: np.ndarray, output_tokens: np.ndarray) -> np.ndarray:
        """Room for all tokens of each request, as a batch must have it, which never gives up a member."""
        total = np.maximum(self.reserve or 0, np.add(input_tokens, output_tokens))
        kept = total if self.window is None else np.minimum(total, self.window)
        return -(-kept // self.block) * self.block
