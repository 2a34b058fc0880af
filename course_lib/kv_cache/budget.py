"""A limit on memory that is kept: counted by name everywhere, and by PyTorch's allocator on a GPU."""

import contextlib

import torch

from course_lib.arguments import FINITE, NUMBER, TEXT, WHOLE, takes


class OutOfMemory(MemoryError):
    """Something did not fit its budget, its pool or its capacity; nothing was changed."""


class Budget:
    """`nbytes` of memory, and who holds how much of it.

    On a CPU nothing else limits a small model, so the count is the limit. On a GPU `enforced` makes PyTorch's
    allocator refuse as well, activations and copies included. Raises ValueError for a negative size.
    """

    @takes(nbytes=NUMBER)
    def __init__(self, nbytes: int, device: torch.device | str = "cpu"):
        if nbytes < 0:
            raise ValueError(f"a budget is at least 0 bytes, not {nbytes}: nbytes is too small")
        WHOLE("nbytes", nbytes)
        self.nbytes, self.device = int(nbytes), torch.device(device)
        self.holdings: dict[str, int] = {}
        self.peak = 0

    @property
    def used(self) -> int:
        """Bytes taken."""
        return sum(self.holdings.values())

    @property
    def free(self) -> int:
        """Bytes left."""
        return self.nbytes - self.used

    @takes(name=TEXT, nbytes=FINITE)
    def take(self, name: str, nbytes: int) -> None:
        """Let `name` hold `nbytes` more; raises OutOfMemory, and takes nothing, where fewer are free.

        Raises ValueError for negative bytes.
        """
        if nbytes < 0:
            raise ValueError(f"take at least 0 bytes, not nbytes = {nbytes}; give() gives back")
        if nbytes > self.free:
            held = ", ".join(f"{holder} {amount:,}" for holder, amount in self.holdings.items() if amount)
            raise OutOfMemory(
                f"{name} needs {nbytes:,} bytes more, but {self.free:,} of {self.nbytes:,} are free"
                + (f" (held: {held})" if held else "")
            )
        self.holdings[name] = self.holdings.get(name, 0) + nbytes
        self.peak = max(self.peak, self.used)

    @takes(name=TEXT, nbytes=NUMBER)
    def give(self, name: str, nbytes: int) -> None:
        """Take back `nbytes` of what `name` holds; raises ValueError for more than it holds."""
        held = self.holdings.get(name, 0)
        if not 0 <= nbytes <= held:
            raise ValueError(f"{name} holds {held:,} bytes and cannot give back nbytes = {nbytes:,}")
        self.holdings[name] = held - nbytes

    @contextlib.contextmanager
    def enforced(self):
        """Within it, PyTorch's allocator on a GPU refuses what exceeds the budget; on a CPU, the count alone.

        Raises OutOfMemory instead of the allocator's own error. Cached memory that nobody uses is given back
        first.
        """
        if self.device.type != "cuda":
            yield self
            return
        whole = torch.cuda.get_device_properties(self.device).total_memory
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(min(1.0, self.nbytes / whole), self.device)
        try:
            yield self
        except torch.cuda.OutOfMemoryError as error:
            raise OutOfMemory(f"the GPU's allocator refused: {error}") from error
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, self.device)
