"""Transfer times by formula, and copies that keep to a rate and count their bytes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.costs.collectives import Network
from course_lib.offload.card import CARD, LINK, MODEL, WEIGHT_BYTES
from course_lib.offload.link import PIECE, PacedCopy, transfer_seconds
from course_lib.shapes import kv_bytes_per_token, tokens_that_fit

SLOW = Network(0.5, 100)


def test_known_transfers_of_the_case():
    wire = Network(0, LINK.typical)
    token = kv_bytes_per_token(MODEL)
    cold = 4096 - tokens_that_fit(CARD.memory_bytes - WEIGHT_BYTES, MODEL)
    assert cold == 282
    assert 1e3 * transfer_seconds(4096 * token, wire) == pytest.approx(85.9, abs=0.01)
    assert 1e3 * transfer_seconds(cold * token, wire) == pytest.approx(5.914, abs=0.001)


def test_one_copy_waits_once_and_blocks_wait_each_and_cross_whole():
    assert transfer_seconds(250, SLOW) == 3.0
    assert transfer_seconds(250, SLOW, 100) == 3 * 1.5
    assert transfer_seconds(0, SLOW) == transfer_seconds(0, SLOW, 100) == 0


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.floats(0, 1), st.floats(1, 1e12))
def test_scattered_over_blocks_is_never_faster(nbytes, block, latency, bandwidth):
    link = Network(latency, bandwidth)
    assert transfer_seconds(nbytes, link, block) >= transfer_seconds(nbytes, link) * (1 - 1e-12)


@pytest.mark.parametrize("arguments", [(-1, SLOW), (1, SLOW, 0)])
def test_sizes_below_zero_are_refused(arguments):
    with pytest.raises(ValueError, match="cannot be copied"):
        transfer_seconds(*arguments)


def test_paced_copy_copies_everything_counts_it_and_sleeps_until_a_link_would_be_done(monkeypatch):
    slept = []
    clock = iter(float(i) for i in range(100))  # a second between two looks
    monkeypatch.setattr("course_lib.offload.link.perf_counter", lambda: next(clock))
    monkeypatch.setattr("course_lib.offload.link.sleep", slept.append)
    source = torch.randn(3, PIECE // 4)  # three pieces
    target = torch.zeros_like(source)
    link = PacedCopy(rate=PIECE / 2.5)
    link(target, source)
    assert torch.equal(target, source)
    assert link.nbytes == source.nbytes
    # Pieces end at 2.5, 5 and 7.5 s on the link; the clock says 1, 2 and 3.
    assert slept == pytest.approx([1.5, 3.0, 4.5])


def test_a_copy_that_is_late_does_not_sleep(monkeypatch):
    monkeypatch.setattr("course_lib.offload.link.sleep", lambda _: pytest.fail("slept"))
    source = torch.ones(5, 7)
    target = torch.zeros(5, 7)
    for rate in (None, 1e300):
        link = PacedCopy(rate)
        link(target.zero_(), source)
        link(target[:0], source[:0])
        assert torch.equal(target, source)
        assert link.nbytes == source.nbytes


def test_a_link_without_a_rate_above_zero_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        PacedCopy(0)
