"""At the size question 8 measures: the logits of no cache, pages bit for bit, and FLOPs as they are said."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib import seeds, shapes
from course_lib.kv_cache import (
    ContiguousCache,
    Decoder,
    OffloadedCache,
    PagedCache,
    PagePool,
    decode_step,
    decoder_shape,
    prefill,
)

SHAPE = decoder_shape(layers=4, width=256, heads=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_caches_of_a_thousand_tokens_give_the_logits_of_none(seed):
    decoder = Decoder(SHAPE, seed=seed).requires_grad_(False)
    tokens = seeds.stream("at size", seed=seed).integers(SHAPE.vocabulary, size=1024).tolist()
    whole = decoder(torch.tensor([tokens]))[0]
    caches = [
        ContiguousCache(SHAPE, 1024),
        PagedCache(PagePool(SHAPE, 64)),
        OffloadedCache(PagePool(SHAPE, 64), PagePool(SHAPE, 64), 8),
    ]
    for cache in caches:
        prefill(decoder, tokens[:960], cache, chunk=128)
    for n in range(960, 1024):
        plain, paged, offloaded = (decode_step(decoder, tokens[n], cache) for cache in caches)
        torch.testing.assert_close(plain, whole[n], rtol=0, atol=1e-5)
        assert torch.equal(plain, paged)
        assert torch.equal(plain, offloaded)


@pytest.mark.parametrize("n", [1, 8, 64])
def test_pytorch_counts_the_matrix_products_that_the_shape_says(n):
    """PyTorch's counter knows no attention on a CPU, so what is compared is all but scores and mixing."""
    decoder, tokens = Decoder(SHAPE).requires_grad_(False), list(range(n))
    head = 2 * SHAPE.vocabulary * SHAPE.width
    layers = 2 * shapes.matrix_parameters(SHAPE) - head
    with FlopCounterMode(display=False) as everything:
        decoder(torch.tensor([tokens]), last=True)
    assert everything.get_total_flops() == n * layers + head
    cache = ContiguousCache(SHAPE, n)
    if n > 1:
        prefill(decoder, tokens[:-1], cache)
    with FlopCounterMode(display=False) as one:
        decode_step(decoder, tokens[-1], cache)
    assert one.get_total_flops() == layers + head
