"""A cache that forgets: the first tokens and the last ones. Xiao et al. 2024, StreamingLLM."""

import torch

from course_lib.arguments import count, real
from course_lib.kv_cache.cache import Cache
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape


class WindowedCache(Cache):
    """`WindowedCache(shape, window, sinks)`: a token sees the first `sinks` and the last `window`, itself.

    The memory, sinks + window tokens, is counted when the first token comes and never grows. Raises
    ValueError for a window below 1 or negative sinks.
    """

    causal = False

    def __init__(self, shape: Shape, window: int, sinks: int = 0, **place):
        super().__init__(shape, **place)
        if not real("window", window) >= 1 or not real("sinks", sinks) >= 0:
            raise ValueError(f"window must be at least 1 and sinks at least 0, not {window} and {sinks}")
        count(1, 10**9, window=window)
        count(0, 10**9, sinks=sinks)
        self.window, self.sinks = window, sinks
        self._held: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def nbytes(self) -> int:
        return (self.sinks + self.window) * self.token_bytes if self._held else 0

    def reserve(self, tokens: int) -> None:
        if self._held:
            return
        if self.budget is not None:
            self.budget.take("KV cache", (self.sinks + self.window) * self.token_bytes)
        none = torch.empty(0, self.shape.kv_heads, self.shape.head_dim, dtype=self.dtype, device=self.device)
        self._held = [(none, none)] * self.shape.layers

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        seen, kept = [], []
        for held, new in zip(self._held[layer], (keys, values), strict=True):
            # The first of the new tokens sees window - 1 tokens beside itself.
            joined = torch.cat((self._forget(held, self.window - 1), new))
            seen.append(joined)
            kept.append(self._forget(joined, self.window))
        self._held[layer] = kept[0], kept[1]
        return seen[0], seen[1]

    @reference("Q9.5", guard=False)
    def _forget(self, tokens: torch.Tensor, window: int) -> torch.Tensor:
        """The first `sinks` and the last `window` of tokens (n, ...), each once and in their order."""
        if len(tokens) <= self.sinks + window:
            return tokens
        return torch.cat((tokens[: self.sinks], tokens[len(tokens) - window :]))

    def visible(self, tokens: int, keys: int) -> torch.Tensor:
        end = self.length + tokens
        recent = torch.arange(end - max(0, keys - self.sinks), end, device=self.device)
        places = torch.cat((torch.arange(min(keys, self.sinks), device=self.device), recent))
        now = torch.arange(self.length, end, device=self.device)[:, None]
        return (places <= now) & ((places < self.sinks) | (places > now - self.window))

    def release(self) -> None:
        if self.budget is not None:
            self.budget.give("KV cache", self.nbytes)
        self._held, self.length = [], 0
