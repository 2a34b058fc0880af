"""Work and time of steps: against a count of every product, and the two limits of the roofline."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import shapes
from course_lib.costs import roofline
from course_lib.costs.roofline import Device, Work, attended_pairs, decode_work, prefill_work
from course_lib.hardware import gpu
from course_lib.shapes import shape

MODEL = shape("llama3-8b")


def mask(length, window=None, stride=None):
    """Which key (column) each query (row) sees, entry by entry."""
    back = np.arange(length)[:, None] - np.arange(length)[None]
    seen = back >= 0
    if window is not None:
        return seen & (back < window)
    return seen if stride is None else seen & ((back < stride) | (back % stride == 0))


@given(st.integers(0, 40), st.integers(1, 50))
def test_attended_pairs_are_those_of_the_mask(length, size):
    assert attended_pairs(length) == mask(length).sum()
    assert attended_pairs(length, window=size) == mask(length, window=size).sum()
    assert attended_pairs(length, stride=size) == mask(length, stride=size).sum()


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5))
def test_decoding_counts_each_tokens_flops_and_reads_the_weights_once(contexts):
    work = decode_work(MODEL, contexts)
    assert work.flops == sum(shapes.forward_flops_per_token(MODEL, context) for context in contexts)
    weights = 2 * shapes.matrix_parameters(MODEL)
    assert work.nbytes == weights + shapes.kv_bytes_per_token(MODEL) * sum(contexts)


def test_a_prompt_costs_what_its_tokens_cost_one_by_one_but_the_head_only_once():
    work = prefill_work(MODEL, [7])
    one_by_one = sum(shapes.forward_flops_per_token(MODEL, position) for position in range(1, 8))
    assert work.flops == one_by_one - 6 * 2 * MODEL.vocabulary * MODEL.width
    assert prefill_work(MODEL, [1]) == decode_work(MODEL, [1])


def test_nobody_costs_nothing():
    assert decode_work(MODEL, []) == prefill_work(MODEL, []) == Work(0, 0)


def test_decoding_waits_for_memory_and_a_prompt_for_arithmetic():
    device = Device.of(gpu("A100 80GB"))
    one, prompt = decode_work(MODEL, [1000]), prefill_work(MODEL, [1000])
    assert device.limit(one) == "memory"
    assert device.seconds(one) == one.nbytes / 2039e9
    assert device.limit(prompt) == "compute"
    assert device.seconds(prompt) == prompt.flops / 312e12


def test_the_limit_changes_at_the_ridge_point():
    a100 = gpu("A100 80GB")
    device, ridge = Device.of(a100), a100.ridge_point("fp16")
    assert device.limit(Work(0.99 * ridge, 1)) == "memory"
    assert device.limit(Work(1.01 * ridge, 1)) == "compute"
    assert Work(6, 2).intensity == 3
    assert Work(6, 2) / 2 + Work(1, 1) == Work(4, 2)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: decode_work(MODEL, [3, 0]), "at least 1"),
        (lambda: prefill_work(MODEL, [0]), "at least one token"),
        (lambda: decode_work(shape("transformer-base"), [1]), "encoder"),
        (lambda: attended_pairs(9, window=3, stride=3), "not both"),
        (lambda: attended_pairs(9, stride=0), "at least 1"),
        (lambda: Device(1, 0, 1), "bandwidth"),
        (lambda: Device.of(gpu("V100 16GB"), "bf16"), "bf16"),
    ],
)
def test_nonsense_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_flash_attention_moves_what_its_loops_move():
    """Algorithm 1 of Dao et al. 2022 taken block by block."""
    for length, d, sram in ((1024, 64, 25_000), (100, 8, 33), (7, 3, 10**6)):
        rows = math.ceil(sram / (4 * d))
        moved = 0
        for _ in range(math.ceil(length / rows)):
            for _ in range(length):  # a query's row, its output and two statistics, read and written
                moved += d + 2 * d + 4
        assert roofline.flash_attention_traffic(length, d, sram) == moved + 2 * length * d


def test_with_more_memory_on_the_chip_less_crosses_the_other():
    moved = [roofline.flash_attention_traffic(8192, 128, sram) for sram in (10**3, 10**4, 10**5, 10**6)]
    assert moved == sorted(moved, reverse=True)
    with pytest.raises(ValueError, match=r"on_chip must be at least 4·head_dim = 512 numbers, not 500"):
        roofline.flash_attention_traffic(8192, 128, 500)


def test_a_window_reads_and_computes_less():
    whole, windowed = shape("mistral-7b"), shape("mistral-7b-v0.1")
    for work in (roofline.decode_work, roofline.prefill_work):
        assert work(whole, [4096]) == work(windowed, [4096])
        assert work(windowed, [32_768]).flops < work(whole, [32_768]).flops
        assert work(windowed, [32_768]).nbytes < work(whole, [32_768]).nbytes


def test_of_experts_a_token_computes_its_own_and_a_batch_reads_almost_all():
    s = shape("mixtral-8x7b")
    one, many = (roofline.decode_work(s, [1] * n) for n in (1, 64))
    assert one.flops == pytest.approx(shapes.forward_flops_per_token(s, 1))
    assert one.nbytes == pytest.approx(2 * shapes.active_parameters(s), rel=0.03)
    assert many.nbytes == pytest.approx(2 * shapes.parameters(s), rel=0.01)
    assert roofline.experts_read(s, 1) == 2
