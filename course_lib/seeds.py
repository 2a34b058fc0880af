"""One source of randomness: an independent, reproducible stream for each name."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def _words(names: tuple[str | int, ...], seed: int) -> list[int]:
    """Eight 32-bit words from SHA-256, so that no two tuples of names can share a stream by concatenation."""
    if not names:
        raise ValueError("name the stream, for example stream('q02', 'weights')")
    for name in (*names, seed):
        if isinstance(name, bool) or not isinstance(name, (str, int, np.integer)):
            raise ValueError(f"a stream is named by strings and whole numbers, not by {name!r}")
    # np.int64(3) and 3 must name the same stream, "3" another one.
    parts = [repr(int(part) if isinstance(part, np.integer) else part) for part in (*names, seed)]
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]


def stream(*names: str | int, seed: int = 0) -> np.random.Generator:
    """A NumPy generator (PCG64) that depends on `names` and `seed` alone, on every machine.

    Streams with different names or seeds are independent: drawing more from one never changes another.
    Example: `stream("q02", "weights", seed=3).normal(size=8)`. Raises ValueError without a name, or for
    a name that is neither a string nor a whole number.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(_words(names, seed))))


def torch_stream(*names: str | int, seed: int = 0) -> "torch.Generator":
    """A torch generator on the CPU, named as in `stream`; pass it as `generator=` to torch's functions."""
    import torch

    low, high = _words(names, seed)[:2]
    return torch.Generator().manual_seed(low | (high >> 1) << 32)
