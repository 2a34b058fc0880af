"""Which bytes of a room are taken: first fit over the free extents, neighbors joined when one is freed."""

from bisect import bisect

ALIGNMENT = 512


class Extents:
    """Bytes 0 to `size`, all free at first. Extents begin at multiples of ALIGNMENT.

    Behind each lies at least one byte that is nobody's.
    """

    def __init__(self, size: int):
        self._free = [(0, size)]  # (start, end), in order, none empty, no two that touch
        self._taken: dict[int, tuple[int, int]] = {}  # start -> (bytes asked for, end with what lies behind)

    @property
    def taken(self) -> dict[int, int]:
        """Bytes asked for, by where they begin."""
        return {start: asked for start, (asked, _) in self._taken.items()}

    def take(self, nbytes: int) -> int | None:
        """Where `nbytes` bytes begin that are taken from now on; None where no free extent is as large."""
        length = (nbytes // ALIGNMENT + 1) * ALIGNMENT
        for i, (start, end) in enumerate(self._free):
            if end - start >= length:
                if end - start > length:
                    self._free[i] = start + length, end
                else:
                    del self._free[i]
                self._taken[start] = nbytes, start + length
                return start
        return None

    def free(self, start: int) -> None:
        """Give back what `take` has returned. Raises KeyError for a start that is not taken."""
        _, end = self._taken.pop(start)
        i = bisect(self._free, (start, end))
        if i < len(self._free) and self._free[i][0] == end:
            end = self._free.pop(i)[1]
        if i and self._free[i - 1][1] == start:
            start = self._free.pop(i - 1)[0]
            i -= 1
        self._free.insert(i, (start, end))
