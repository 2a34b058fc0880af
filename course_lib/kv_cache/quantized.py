"""A cache of 8- or 4-bit codes: less memory, a small error, and work to turn the codes back."""

import torch

from course_lib.arguments import a, one_of, real, takes
from course_lib.kv_cache.contiguous import ReservedCache
from course_lib.shapes import Shape


def one_of_bits(name: str, bits: object) -> None:
    """Raise ValueError for other than 8 or 4 bits."""
    one_of(name, bits, (8, 4))


class QuantizedCache(ReservedCache):
    """`QuantizedCache(shape, capacity, bits)` for 8 or 4 bits: codes, a float16 scale per token and head.

    The grid is symmetric: code = round(value / scale), scale = largest magnitude / (2^(bits - 1) - 1). Two
    4-bit codes share a byte. `append` turns all codes of a layer back. Raises ValueError for other bits, and
    for an odd head_dim with 4 bits.
    """

    def __init__(self, shape: Shape, capacity: int, bits: int = 8, **place):
        super().__init__(shape, capacity, **place)
        if real("bits", bits) not in (8, 4) or (bits == 4 and shape.head_dim % 2):
            raise ValueError(
                f"codes have 8 bits, or 4 with an even head_dim; not {bits} with {shape.head_dim}"
            )
        self.bits = bits

    @property
    def token_bytes(self) -> int:
        """Bytes of a token's codes and scales in all layers."""
        return 2 * self.shape.layers * self.shape.kv_heads * (self.shape.head_dim * self.bits // 8 + 2)

    def _allocate(self) -> tuple[torch.Tensor, ...]:
        rows = (self.shape.layers, self.capacity, self.shape.kv_heads)
        width, kind = self.shape.head_dim * self.bits // 8, torch.int8 if self.bits == 8 else torch.uint8
        codes = [torch.empty((*rows, width), dtype=kind, device=self.device) for _ in "kv"]
        return *codes, *(torch.empty((*rows, 1), dtype=torch.float16, device=self.device) for _ in "kv")

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        end = self.length + len(keys)
        held = []
        for new, codes, scales in zip((keys, values), self._parts[:2], self._parts[2:], strict=True):
            codes[layer, self.length : end], scales[layer, self.length : end] = encode(new, self.bits)
            held.append(decode(codes[layer, :end], scales[layer, :end], self.bits, self.dtype))
        return held[0], held[1]


@takes(x=a(torch.Tensor), bits=one_of_bits)
def encode(x: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes (..., d · bits / 8) of x (..., d), packed in bytes, and float16 scales (..., 1).

    The scale is rounded to float16 before it divides, so that codes and scale fit together. Raises ValueError
    for other than 8 or 4 bits.
    """
    most = 2 ** (bits - 1) - 1
    # The smallest normal float16 keeps a row of zeros, or of very small numbers, from dividing by zero.
    scale = (x.abs().amax(-1, keepdim=True) / most).clamp(2.0**-14, 65504.0).half()
    codes = (x / scale.to(x.dtype)).round().clamp(-most, most)
    if bits == 8:
        return codes.to(torch.int8), scale
    low, high = (codes.to(torch.int16) & 15).unflatten(-1, (-1, 2)).unbind(-1)
    return (low | high << 4).to(torch.uint8), scale


def decode(codes: torch.Tensor, scales: torch.Tensor, bits: int, dtype: torch.dtype) -> torch.Tensor:
    """The values (..., d) that codes and scales from `encode` stand for."""
    if bits == 4:
        # Shifted up and down again as signed numbers, each half of the byte brings its sign.
        pairs = torch.stack((codes << 4, codes), -1).view(torch.int8) >> 4
        codes = pairs.flatten(-2)
    return codes.to(dtype) * scales.to(dtype)
