"""Sequences in shuffled pages as NumPy arrays: what a kernel over a paged cache is tried on."""

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import a, between, each, takes


class ShuffledPages:
    """Random keys and values of some sequences, in pages that lie in any order; what is nobody's is NaN.

    `lengths` are tokens per sequence, -1 for a place without one. Every sequence has room for one token more,
    whose key and value are drawn already. `random` decides the order of the pages and all numbers. Raises
    ValueError for a length below -1, and a size below 1.

    key_cache, value_cache (pages, page, kv_heads, d) float32; table (sequences, most pages) int32, -1 where a
    sequence has no page; length (sequences,) int32; keys, values: (tokens + 1, kv_heads, d) of each sequence.
    """

    @takes(
        lengths=each(between(-1, 10**7), empty=False), page=between(1, 10**6), kv_heads=between(1, 10**6),
        d=between(1, 10**6), random=a(np.random.Generator),
    )  # fmt: skip
    def __init__(self, lengths: Sequence[int], page: int, kv_heads: int, d: int, random: np.random.Generator):
        self.length, self.page = np.array(lengths, dtype=np.int32), page
        self.kv_heads, self.d = kv_heads, d
        count = [max(n, 0) // page + 1 for n in lengths]
        free = random.permutation(sum(count) + 2).tolist()
        self.table = np.full((len(lengths), max(count)), -1, dtype=np.int32)
        nobodys = np.full((2, len(free), page, kv_heads, d), np.nan, dtype=np.float32)
        self.key_cache, self.value_cache = nobodys
        self.keys, self.values = (
            [random.normal(size=(max(n, 0) + 1, kv_heads, d)).astype(np.float32) for n in lengths]
            for _ in range(2)
        )
        for s, n in enumerate(lengths):
            self.table[s, : count[s]] = [free.pop() for _ in range(count[s])]
            for position in range(max(n, 0)):
                place = self._place(s, position)
                self.key_cache[place] = self.keys[s][position]
                self.value_cache[place] = self.values[s][position]

    def _place(self, sequence: int, position: int) -> tuple[int, int]:
        return self.table[sequence, position // self.page], position % self.page

    def new(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys and values (sequences, kv_heads, d) of the next token of each."""
        return np.stack([rows[-1] for rows in self.keys]), np.stack([rows[-1] for rows in self.values])

    def appended(self) -> tuple[np.ndarray, np.ndarray]:
        """Both caches once the next tokens are in; those of this object stay as they are."""
        key_cache, value_cache = self.key_cache.copy(), self.value_cache.copy()
        for s, n in enumerate(self.length):
            if n >= 0:
                place = self._place(s, n)
                key_cache[place], value_cache[place] = self.keys[s][-1], self.values[s][-1]
        return key_cache, value_cache
