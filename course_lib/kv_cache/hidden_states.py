"""What a decoder could keep of earlier tokens instead of keys and values: what enters each layer."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from course_lib.arguments import INTEGER, each, takes
from course_lib.attention import causal_mask
from course_lib.kv_cache.decoder import Decoder
from course_lib.notebook.reference import reference


@torch.no_grad()
@takes(tokens=each(INTEGER))
@reference("Q8.2", guard=False)
def step_from_hidden_states(
    decoder: Decoder, tokens: Sequence[int], hidden: Sequence[torch.Tensor] = ()
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Logits (vocabulary,) after one more piece of a sequence, and the hidden states with it, one per layer.

    Hidden states are what enters a layer, (n, width), for all tokens so far; `hidden` stays as it was, and is
    empty at the beginning of a sequence. They are half of what keys and values take where no KV heads are
    shared, but every step computes the keys and values of all tokens from them again. Raises ValueError for
    no tokens, unknown ones and more than the decoder's context, and for hidden states of other layers.
    """
    old = list(hidden) or [decoder.positions[:0]] * decoder.shape.layers
    if [kept.shape[-1] for kept in old] != [decoder.shape.width] * decoder.shape.layers:
        raise ValueError(f"hidden states must be those of this decoder's {decoder.shape.layers} layers")
    new, before = torch.as_tensor(tokens, dtype=torch.long, device=decoder.device), len(old[0])
    decoder.check(new, before + len(new))
    x, grown = decoder.embedding(new) + decoder.positions[before : before + len(new)], []
    for kept, block in zip(old, decoder.blocks, strict=True):
        grown.append(torch.cat((kept, x)))
        q, k, v = (part.transpose(0, 1)[None] for part in block.queries_keys_values(grown[-1]))
        mask = None if len(x) == 1 else causal_mask(len(x), before + len(x), x.device)
        mixed = functional.scaled_dot_product_attention(q[:, :, before:], k, v, mask, enable_gqa=True)
        x = block.finish(x, mixed[0].transpose(0, 1))
    return decoder.head(decoder.norm(x[-1])), grown
