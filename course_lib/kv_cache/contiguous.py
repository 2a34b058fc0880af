"""The plain cache: one piece of memory, reserved for the longest sequence that may come."""

import torch

from course_lib.arguments import count, real
from course_lib.kv_cache.budget import OutOfMemory
from course_lib.kv_cache.cache import Cache
from course_lib.shapes import Shape


class ReservedCache(Cache):
    """A cache that takes memory for `capacity` tokens at once, when the first one comes.

    Raises ValueError for a capacity below 1.
    """

    def __init__(self, shape: Shape, capacity: int, **place):
        super().__init__(shape, **place)
        if not real("capacity", capacity) >= 1:
            raise ValueError(f"a cache holds at least one token: capacity must be at least 1, not {capacity}")
        count(1, 10**9, capacity=capacity)
        self.capacity = int(capacity)
        self._parts: tuple[torch.Tensor, ...] = ()

    def _allocate(self) -> tuple[torch.Tensor, ...]:
        """The tensors that hold the cache, (layers, capacity, ...)."""
        raise NotImplementedError

    @property
    def _whole(self) -> int:
        """Bytes of what `_allocate` returns."""
        return self.capacity * self.token_bytes

    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` more; raises OutOfMemory, and changes nothing, where there is none."""
        if self.length + tokens > self.capacity:
            raise OutOfMemory(
                f"{self.length} tokens and {tokens} more exceed the cache's capacity of {self.capacity}"
            )
        if not self._parts:
            if self.budget is not None:
                self.budget.take("KV cache", self._whole)
            self._parts = self._allocate()

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self._parts)

    def release(self) -> None:
        if self._parts and self.budget is not None:
            self.budget.give("KV cache", self._whole)
        self._parts, self.length = (), 0


class ContiguousCache(ReservedCache):
    """`ContiguousCache(shape, capacity)`: `append` returns views, so nothing is copied.

    Raises ValueError for a capacity below 1, and OutOfMemory on `reserve` when the capacity is exceeded.
    """

    def _allocate(self) -> tuple[torch.Tensor, ...]:
        size = (self.shape.layers, self.capacity, self.shape.kv_heads, self.shape.head_dim)
        return tuple(torch.empty(size, dtype=self.dtype, device=self.device) for _ in "kv")

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        end = self.length + len(keys)
        held = []
        for part, new in zip(self._parts, (keys, values), strict=True):
            part[layer, self.length : end] = new
            held.append(part[layer, :end])
        return held[0], held[1]

    def keys_values(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What a layer holds, (length, kv_heads, head_dim) each, as views."""
        return tuple(part[layer, : self.length] for part in self._parts)
