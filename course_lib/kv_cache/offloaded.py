"""A cache in two places: the newest pages where the model computes, older ones in host memory."""

import torch

from course_lib.arguments import NUMBER, a, takes
from course_lib.kv_cache.budget import OutOfMemory
from course_lib.kv_cache.cache import Cache
from course_lib.kv_cache.paged import PagePool


class OffloadedCache(Cache):
    """`OffloadedCache(pool, host, hot)`: at most `hot` pages in `pool`, all older ones in `host`.

    In every step each layer's older pages are copied in for use and dropped again. `copied` counts those
    bytes, and the budget of `pool` the room for one layer's. Raises ValueError for pools that do not fit.
    """

    @takes(pool=a(PagePool), host=a(PagePool), hot=NUMBER)
    def __init__(self, pool: PagePool, host: PagePool, hot: int):
        super().__init__(pool.shape, dtype=pool.keys.dtype, device=pool.keys.device, budget=pool.budget)
        if (pool.shape, pool.page, pool.keys.dtype) != (host.shape, host.page, host.keys.dtype):
            raise ValueError("both pools need the same shape, tokens per page and dtype")
        if hot < 1:
            raise ValueError(f"the page that is written to stays here: hot must be at least 1, not {hot}")
        self.pool, self.host, self.hot = pool, host, hot
        self.cold_table: list[int] = []  # pages of `host`, the oldest first
        self.hot_table: list[int] = []  # pages of `pool`
        self.copied = 0
        self._fetched: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def reserve(self, tokens: int) -> None:
        pages = -(-(self.length + tokens) // self.pool.page)
        cold = max(len(self.cold_table), pages - self.hot)
        moved = min(cold - len(self.cold_table), len(self.hot_table))
        wanted = pages - cold - len(self.hot_table)  # more pages here than now; negative: fewer
        room = (cold - len(self.cold_table)) * self._page_of_a_layer
        self._take(room)
        taken: list[int] = []
        try:
            taken = self.pool.take(max(0, wanted))
            places = self.host.take(cold - len(self.cold_table))
        except OutOfMemory:
            if taken:
                self.pool.give(taken)
            self._give(room)
            raise
        for old, new in zip(self.hot_table[:moved], places, strict=False):
            self.host.keys[:, new].copy_(self.pool.keys[:, old])
            self.host.values[:, new].copy_(self.pool.values[:, old])
        # The pages that were moved away are free for the new tokens.
        held = self.hot_table[moved:] + self.hot_table[:moved] + taken
        self.hot_table, spare = held[: pages - cold], held[pages - cold :]
        self.pool.give(spare)
        self.cold_table += places

    def prefetch(self, layer: int) -> None:
        """Copy a layer's older pages in now, between `reserve` and `append` of a step of one token.

        `append` then does not. What is copied ahead takes room for one more layer, which nobody counts here.
        """
        self._fetched[layer] = self._fetch(layer)

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        cold, end = len(self.cold_table) * self.pool.page, self.length + len(keys)
        far = max(0, min(len(keys), cold - self.length))  # of a long prompt, the tokens that are old at once
        self.host.write(layer, self.cold_table, self.length, keys[:far], values[:far])
        self.pool.write(layer, self.hot_table, self.length + far - cold, keys[far:], values[far:])
        whole = self._fetched.pop(layer, None) if far == 0 else None
        whole = whole or self._fetch(layer)
        for part, here in zip(whole, self.pool.read(layer, self.hot_table), strict=True):
            part[len(self.cold_table) :] = here.unflatten(0, (-1, self.pool.page))
        return whole[0].flatten(0, 1)[:end], whole[1].flatten(0, 1)[:end]

    def _fetch(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """New tensors (pages, page, kv_heads, head_dim) with the older pages at the front."""
        size = (len(self.cold_table) + len(self.hot_table), *self.pool.keys.shape[2:])
        keys, values = (torch.empty(size, dtype=self.dtype, device=self.device) for _ in range(2))
        self.host.copy_to(layer, self.cold_table, keys, values)
        self.copied += len(self.cold_table) * self._page_of_a_layer
        return keys, values

    def advance(self, tokens: int) -> None:
        super().advance(tokens)
        self._fetched.clear()

    @property
    def _page_of_a_layer(self) -> int:
        return self.pool.page_bytes // self.shape.layers

    def _take(self, nbytes: int) -> None:
        if self.budget is not None:
            self.budget.take("pages copied in", nbytes)

    def _give(self, nbytes: int) -> None:
        if self.budget is not None:
            self.budget.give("pages copied in", nbytes)

    @property
    def nbytes(self) -> int:
        return len(self.hot_table) * self.pool.page_bytes + len(self.cold_table) * self._page_of_a_layer

    @property
    def host_bytes(self) -> int:
        """Bytes of host memory that the sequence holds."""
        return len(self.cold_table) * self.host.page_bytes

    def release(self) -> None:
        self._give(len(self.cold_table) * self._page_of_a_layer)
        self.pool.give(self.hot_table)
        self.host.give(self.cold_table)
        self.cold_table, self.hot_table, self.length = [], [], 0
        self._fetched.clear()
