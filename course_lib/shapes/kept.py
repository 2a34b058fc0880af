"""Bytes of keys and values that tokens leave behind."""

import math

from course_lib.arguments import NUMBER, count, instance, positive, takes
from course_lib.notebook.reference import reference
from course_lib.shapes.arithmetic import seen_by_layers
from course_lib.shapes.transformer import Shape, decoder_only


@reference("Q9.1", guard=False)
def kv_bytes_per_token(shape: Shape, bytes_per_number: float = 2) -> float:
    """Bytes of KV cache a token takes: keys and values of every layer and KV head; FP16: 2 per number.

    With `latent`: those numbers and the shared key. A window is left out: see `kv_bytes`. An int when it is
    whole. Raises ValueError for a model with an encoder, and for bytes that are not above 0.
    """
    decoder_only(shape)
    positive(bytes_per_number=bytes_per_number)
    size = shape.layers * _kept(shape) * bytes_per_number
    return int(size) if size == int(size) else size


def _kept(shape: Shape) -> int:
    """Numbers that a token keeps in a layer."""
    return shape.latent + shape.rope_dim if shape.latent else 2 * shape.kv_heads * shape.head_dim


def kv_bytes(shape: Shape, tokens: int, bytes_per_number: float = 2) -> float:
    """Bytes of KV cache of a sequence of `tokens`; layers with a window keep the last so many only.

    Raises ValueError as `kv_bytes_per_token`, and for negative tokens.
    """
    decoder_only(shape)
    positive(bytes_per_number=bytes_per_number)
    count(0, tokens=tokens)
    size = seen_by_layers(shape, tokens) * _kept(shape) * bytes_per_number
    return int(size) if size == int(size) else size


@takes(room_bytes=NUMBER)
@reference("Q9.2", guard=False)
def tokens_that_fit(room_bytes: float, shape: Shape, bytes_per_number: float = 2) -> float:
    """Whole tokens whose keys and values fit into `room_bytes`; 0 where there is no room.

    Infinite where every layer has a window and all windows fit. Raises ValueError for a room that is not
    a number, and as `kv_bytes_per_token`.
    """
    instance("shape", shape, Shape)
    each = kv_bytes_per_token(shape, bytes_per_number)
    if math.isnan(room_bytes) or math.isinf(room_bytes):
        raise ValueError(f"room_bytes must be finite, not {room_bytes}")
    if shape.window is not None and room_bytes >= (full := kv_bytes(shape, shape.window, bytes_per_number)):
        # From here on only layers without a window grow.
        growing = kv_bytes(shape, shape.window + 1, bytes_per_number) - full
        return shape.window + int((room_bytes - full) // growing) if growing else math.inf
    return max(0, int(room_bytes // each))
