"""What every KV cache of one sequence can do."""

from abc import ABC, abstractmethod

import torch

from course_lib.arguments import a, takes
from course_lib.attention import causal_mask
from course_lib.kv_cache.budget import Budget
from course_lib.shapes import Shape, kv_bytes_per_token


class Cache(ABC):
    """Keys and values of one sequence, layer by layer, for `shape`'s layers, kv_heads and head_dim.

    A step of n tokens calls `reserve(n)` once, `append` once per layer, and `advance(n)` at its end. Keys and
    values are (tokens, kv_heads, head_dim), as the kernels of kernels/kv_cache.cu keep them. Memory is taken
    from `budget`, if one is given, when the first tokens come.
    """

    causal = True  # a token sees itself and all tokens before it

    @takes(shape=a(Shape))
    def __init__(
        self,
        shape: Shape,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        budget: Budget | None = None,
    ):
        self.shape, self.dtype, self.device, self.budget = shape, dtype, torch.device(device), budget
        self.length = 0  # tokens seen, which is the position of the next

    @abstractmethod
    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` more; raises OutOfMemory, and changes nothing, where there is none."""

    @abstractmethod
    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store keys and values (n, kv_heads, head_dim) of the next n tokens of a layer.

        Returns the keys and values (m, kv_heads, head_dim) to attend to; the new ones are the last n.
        """

    def advance(self, tokens: int) -> None:
        """The `tokens` reserved are now stored in every layer."""
        self.length += tokens

    def visible(self, tokens: int, keys: int) -> torch.Tensor:
        """True (tokens, keys) where each of the new tokens may look among what `append` returned."""
        return causal_mask(tokens, keys, self.device)

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of memory that the sequence holds on its device."""

    @abstractmethod
    def release(self) -> None:
        """Forget the sequence and give its memory back; the cache is then as new."""

    @property
    def token_bytes(self) -> int:
        """Bytes of a token's keys and values in all layers, as they come."""
        return kv_bytes_per_token(self.shape, self.dtype.itemsize)
