"""Two workers keep the order of the schedule, stop together, and compute what one worker computes."""

import threading

import numpy as np
import pytest
import torch

from course_lib.offload import overlap
from course_lib.offload.layers import OffloadedStep, Size
from course_lib.offload.link import PacedCopy
from course_lib.offload.pipeline import schedule
from course_lib.offload.quantized import quantize
from course_lib.training import one_thread

SMALL = Size(layers=5, tokens=37, heads=2, head_dim=8, queries=3)


@pytest.mark.parametrize("buffers", [1, 2, 3, 7])
def test_no_copy_starts_before_its_buffer_is_free_and_no_compute_before_its_copy(buffers):
    full = {}

    def copy(layer, buffer):
        assert buffer not in full, "the buffer still holds a layer that has not been computed"
        full[buffer] = layer

    def compute(layer, buffer):
        assert full[buffer] == layer
        del full[buffer]

    spans = overlap.run(7, copy, compute, buffers)
    assert not full
    assert (spans.copies[:, 1] <= spans.computes[:, 0]).all()
    assert (spans.copies[buffers:, 0] >= spans.computes[:-buffers, 1]).all()
    assert (np.diff(spans.copies.ravel()) >= 0).all()
    assert (np.diff(spans.computes.ravel()) >= 0).all()
    # Whoever waits starts later than the schedule of the same durations, never earlier.
    assert spans.seconds >= schedule(*spans.durations, buffers).seconds - 1e-9


def test_copy_of_the_next_layer_runs_while_a_layer_computes():
    meeting = threading.Barrier(2, timeout=20)

    def copy(layer, _):
        if layer == 1:
            meeting.wait()

    def compute(layer, _):
        if layer == 0:
            meeting.wait()

    overlap.run(2, copy, compute, 2)  # in turn, neither would find the other


@pytest.mark.parametrize("buffers", [1, 2])
@pytest.mark.parametrize("side", ["copy", "compute"])
def test_an_error_on_either_side_ends_both_and_is_raised(side, buffers):
    def fails(layer, _):
        if layer == 3:
            raise RuntimeError("the link is down")

    works = {"copy": lambda *_: None, "compute": lambda *_: None, side: fails}
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the link is down"):
        overlap.run(9, works["copy"], works["compute"], buffers)
    assert threading.active_count() == before


@pytest.mark.parametrize(("layers", "buffers"), [(0, 1), (1, 0)])
def test_nothing_to_do_is_refused(layers, buffers):
    with pytest.raises(ValueError, match="at least one layer"):
        overlap.run(layers, print, print, buffers)


@pytest.mark.parametrize("buffers", [1, 2, 5])
def test_overlapped_step_is_bit_for_bit_the_step_in_turn(buffers):
    step = OffloadedStep(SMALL, PacedCopy(1e9))
    step.run(1)
    expected = step.outputs
    step.run(buffers)
    assert torch.equal(step.outputs, expected)


@pytest.mark.parametrize("cold", [0, 5, 36])
def test_it_does_not_matter_where_a_token_lies(cold):
    everything, some = OffloadedStep(SMALL, PacedCopy()), OffloadedStep(SMALL, PacedCopy(), cold=cold)
    everything.run(2)
    some.run(2)
    torch.testing.assert_close(some.outputs, everything.outputs, rtol=1e-5, atol=1e-5)
    assert some.link.nbytes == cold * 2 * SMALL.width * 4 * SMALL.layers == some.layer_bytes * SMALL.layers


def test_attention_over_the_offloaded_cache_is_torchs():
    step = OffloadedStep(SMALL, PacedCopy())
    step.buffers = [[step.host[0][0]]]
    step.outputs = step.inputs
    step._compute(0, 0)
    w, d = step.weights[0], SMALL.width
    x = torch.nn.functional.rms_norm(step.inputs, (d,))
    q = (x @ w[0]).view(3, 2, 8).transpose(0, 1)
    mixed = torch.nn.functional.scaled_dot_product_attention(q, *step.host[0][0])
    x = step.inputs + mixed.transpose(0, 1).reshape(3, d) @ w[1]
    up, down = w[2:6].reshape(4 * d, d).T, w[6:10].reshape(4 * d, d)
    x = x + torch.relu(torch.nn.functional.rms_norm(x, (d,)) @ up) @ down
    torch.testing.assert_close(step.outputs, x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("bits", "codes"), [(8, 8), (4, 4)])
def test_codes_cross_in_place_of_numbers_and_give_the_restored_cache(bits, codes):
    step, plain = OffloadedStep(SMALL, PacedCopy(), bits=bits), OffloadedStep(SMALL, PacedCopy())
    plain.host = [(quantize(kv, bits).restore(),) for (kv,) in plain.host]
    step.run(2)
    plain.run(2)
    torch.testing.assert_close(step.outputs, plain.outputs)
    rows = 2 * SMALL.heads * SMALL.tokens
    assert step.layer_bytes == rows * (codes + 4)


def test_more_cold_tokens_than_there_are_is_refused():
    with pytest.raises(ValueError, match="37 tokens 38"):
        OffloadedStep(SMALL, PacedCopy(), cold=38)


@pytest.mark.needs("gpu")
@pytest.mark.parametrize("buffers", [1, 2, 5])
def test_streams_compute_what_threads_compute_in_the_same_order(buffers):
    step, host = OffloadedStep(SMALL, PacedCopy(), device="cuda"), OffloadedStep(SMALL, PacedCopy())
    spans = step.run(buffers)
    host.run(buffers)
    torch.testing.assert_close(step.outputs.cpu(), host.outputs, rtol=1e-3, atol=1e-3)
    assert (spans.copies[:, 1] <= spans.computes[:, 0]).all()
    assert (spans.copies[buffers:, 0] >= spans.computes[:-buffers, 1]).all()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_eight_bit_codes_cost_as_little_of_the_output_as_question_10_asserts(seed):
    """At its size. What its copies save in time, the notebook asserts where it runs."""
    size = Size(layers=8, heads=4, queries=96)
    with one_thread():
        everything = OffloadedStep(size, PacedCopy(), seed=seed)
        codes = OffloadedStep(size, PacedCopy(), bits=8, seed=seed)
        everything.run(1), codes.run(1)
    error = (codes.outputs - everything.outputs).norm() / everything.outputs.norm()
    assert error <= 0.02
