"""A cache that crosses the link as codes of 8 or 4 bits, with a scale for each head's vector of a token."""

from dataclasses import dataclass

import torch

from course_lib.arguments import instance, real
from course_lib.notebook.reference import reference


@dataclass(frozen=True)
class Codes:
    """Codes (..., d) int8, or two to a byte (..., ceil(d / 2)) uint8, and scales (..., 1) float32."""

    codes: torch.Tensor
    scale: torch.Tensor
    bits: int
    d: int

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales."""
        return self.codes.nbytes + self.scale.nbytes

    @reference("Q10.3", guard=False)
    def restore(self) -> torch.Tensor:
        """The values (..., d) float32 that the codes stand for."""
        if self.bits == 8:
            return self.codes * self.scale
        halves = torch.stack((self.codes & 15, self.codes >> 4), dim=-1).flatten(-2)[..., : self.d]
        return (halves.to(torch.int8) - 8) * self.scale


@reference("Q10.3")
def quantize(kv: torch.Tensor, bits: int) -> Codes:
    """Codes of `kv` (..., d) float32, symmetric: scale = largest magnitude of a row / (2^(bits - 1) - 1).

    A row of zeros has scale 1. Of two codes to a byte, the earlier is in the low half, 8 added. As
    kernels/transfer.cu does on the way over the link (Sheng et al. 2023, FlexGen). Raises ValueError for
    other than 8 or 4 bits.
    """
    instance("kv", kv, torch.Tensor)
    if real("bits", bits) not in (8, 4):
        raise ValueError(f"codes have 8 or 4 bits, not {bits}")
    most = 2 ** (bits - 1) - 1
    scale = kv.abs().amax(dim=-1, keepdim=True) / most
    scale = torch.where(scale == 0, 1.0, scale)
    codes = (kv / scale).round().clamp(-most, most).to(torch.int8)
    if bits == 8:
        return Codes(codes, scale, bits, kv.shape[-1])
    halves = torch.nn.functional.pad(codes + 8, (0, kv.shape[-1] % 2)).to(torch.uint8).unflatten(-1, (-1, 2))
    return Codes(halves[..., 0] | halves[..., 1] << 4, scale, bits, kv.shape[-1])
