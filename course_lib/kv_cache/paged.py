"""A cache in pages, which sequences take from a pool as they grow. Kwon et al. 2023, PagedAttention."""

from collections.abc import Sequence

import torch

from course_lib.arguments import NUMBER, WHOLE, a, count, takes
from course_lib.kv_cache.budget import Budget, OutOfMemory
from course_lib.kv_cache.cache import Cache
from course_lib.shapes import Shape, kv_bytes_per_token


class PagePool:
    """`pages` pages of `page` tokens each, for all layers. A page that is taken counts against the budget.

    keys and values: (layers, pages, page, kv_heads, head_dim). With `pinned` they lie where a GPU can copy
    from without a detour. Raises ValueError for fewer than one page or token.
    """

    @takes(shape=a(Shape), pages=NUMBER, page=NUMBER)
    def __init__(
        self,
        shape: Shape,
        pages: int,
        page: int = 16,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        budget: Budget | None = None,
        pinned: bool = False,
    ):
        if pages < 1 or page < 1:
            raise ValueError(
                f"a pool has at least one page of at least one token, not pages = {pages} of page = {page}"
            )
        count(1, 10**8, pages=pages, page=page)
        size = (shape.layers, pages, page, shape.kv_heads, shape.head_dim)
        self.keys, self.values = (
            torch.empty(size, dtype=dtype, device=device, pin_memory=pinned) for _ in range(2)
        )
        self.shape, self.page, self.budget = shape, page, budget
        self.page_bytes = page * kv_bytes_per_token(shape, dtype.itemsize)
        self.free = list(range(pages))[::-1]  # the next one is popped from the end

    @takes(count=WHOLE)
    def take(self, count: int) -> list[int]:
        """`count` free pages; raises OutOfMemory, and takes none, where the pool or the budget ends.

        Raises ValueError for a negative count.
        """
        if count > len(self.free):
            raise OutOfMemory(f"{count} pages are needed, but only {len(self.free)} of the pool are free")
        if self.budget is not None:
            self.budget.take("KV cache", count * self.page_bytes)
        return [self.free.pop() for _ in range(count)]

    def give(self, pages: Sequence[int]) -> None:
        """Take back pages that no sequence uses any more."""
        self.free += reversed(pages)
        if self.budget is not None:
            self.budget.give("KV cache", len(pages) * self.page_bytes)

    def write(
        self, layer: int, pages: Sequence[int], start: int, keys: torch.Tensor, values: torch.Tensor
    ) -> None:
        """Store keys and values (n, kv_heads, head_dim) from token `start` of a table of pages on."""
        done = 0
        while done < len(keys):
            page, slot = pages[(start + done) // self.page], (start + done) % self.page
            n = min(self.page - slot, len(keys) - done)
            self.keys[layer, page, slot : slot + n] = keys[done : done + n]
            self.values[layer, page, slot : slot + n] = values[done : done + n]
            done += n

    def read(self, layer: int, pages: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Copies of keys and values (len(pages) · page, kv_heads, head_dim) of those pages, in that order."""
        index = torch.tensor(pages, dtype=torch.long, device=self.keys.device)
        return self.keys[layer, index].flatten(0, 1), self.values[layer, index].flatten(0, 1)

    def copy_to(self, layer: int, pages: Sequence[int], keys: torch.Tensor, values: torch.Tensor) -> None:
        """Copy those pages to the front of keys and values, each (·, page, kv_heads, head_dim).

        Neighbors go in one piece. From pinned memory to a GPU this only starts the copy, on its stream.
        """
        first = 0
        while first < len(pages):
            last = first + 1
            while last < len(pages) and pages[last] == pages[last - 1] + 1:
                last += 1
            run = slice(pages[first], pages[first] + last - first)
            keys[first:last].copy_(self.keys[layer, run], non_blocking=True)
            values[first:last].copy_(self.values[layer, run], non_blocking=True)
            first = last


class PagedCache(Cache):
    """`PagedCache(pool)`: a table of pages, at most one of them partly empty.

    `append` gathers the pages into one piece, which a kernel spares itself by reading through the table.
    """

    @takes(pool=a(PagePool))
    def __init__(self, pool: PagePool):
        super().__init__(pool.shape, dtype=pool.keys.dtype, device=pool.keys.device)
        self.pool, self.table = pool, []

    def reserve(self, tokens: int) -> None:
        missing = -(-(self.length + tokens) // self.pool.page) - len(self.table)
        self.table += self.pool.take(max(0, missing))

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        end = self.length + len(keys)
        self.pool.write(layer, self.table, self.length, keys, values)
        used = self.table[: -(-end // self.pool.page)]
        gathered_keys, gathered_values = self.pool.read(layer, used)
        return gathered_keys[:end], gathered_values[:end]

    @property
    def nbytes(self) -> int:
        return len(self.table) * self.pool.page_bytes

    def release(self) -> None:
        self.pool.give(self.table)
        self.table, self.length = [], 0
