"""What a measured step is judged by, on steps whose every duration is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.offload import measure
from course_lib.offload.pipeline import Schedule, schedule

LAYERS, LAYER_BYTES = 4, 1000


class KnownStep:
    """A step whose layers compute for `computes[run]` seconds (the last value for good), over a perfect link.

    With no rate a copy takes `copy` seconds.
    """

    layer_bytes = LAYER_BYTES

    def __init__(self, computes, device="cpu", copy=0.001):
        self.link = SimpleNamespace(rate=None)
        self.computes, self.device, self.copy, self.runs = list(computes), device, copy, 0

    def run(self, buffers):
        compute = self.computes[min(self.runs, len(self.computes) - 1)]
        self.runs += 1
        copy = self.copy if self.link.rate is None else LAYER_BYTES / self.link.rate
        return schedule([copy] * LAYERS, [compute] * LAYERS, buffers)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_a_paced_link_copies_a_layer_in_its_share_of_the_computing(ratio):
    step = KnownStep([0.02])
    assert measure.pace(step, ratio) == step.link.rate == pytest.approx(LAYER_BYTES / (ratio * 0.02))
    assert measure.repeat(step).ratio == pytest.approx(ratio)


def test_the_link_of_a_gpu_keeps_its_own_rate():
    step = KnownStep([0.02], device="cuda", copy=0.01)
    assert measure.pace(step, 3) == pytest.approx(LAYER_BYTES / 0.01)
    assert step.link.rate is None


def test_a_perfect_overlap_saves_the_whole_of_what_can_be_saved():
    step = KnownStep([0.02])
    measure.pace(step)
    runs = measure.repeat(step)
    assert runs.saved == pytest.approx(1.0)
    assert runs.seconds == (pytest.approx(0.16), pytest.approx(0.1))
    assert runs.bound == pytest.approx(0.1)


def test_batches_end_as_soon_as_one_has_saved_enough():
    assert len(measure.batches(KnownStep([0.02]), enough=0.6)) == 1


def batch(in_turn, overlapped):
    """Repeats that took so long in turn and overlapped, where 0.16 s in turn could be 0.1 s at best."""
    known = measure.repeat(KnownStep([0.02], copy=0.02), times=1)
    copies, computes = known.in_turn[0].copies, known.in_turn[0].computes

    def run(seconds):
        return Schedule(copies, np.vstack([computes[:-1], [computes[-1, 0], seconds]]))

    return measure.Repeats([run(in_turn)], [run(overlapped)], 2)


def test_a_share_above_one_is_a_disturbed_batch_and_never_the_one_that_counts():
    good, better, impossible, worse = batch(0.16, 0.12), batch(0.16, 0.11), batch(0.2, 0.1), batch(0.3, 0.1)
    assert [b.disturbed for b in (good, better, impossible, worse)] == [False, False, True, True]
    assert measure.fairest([good, worse, better, impossible]) is better
    assert measure.fairest([worse, impossible]) is impossible


def test_batches_go_on_after_a_disturbed_one():
    # Of the first batch only the runs in turn are slow: each is run before its overlapped one.
    step = KnownStep([0.02] * 6 + [0.04, 0.02] * 5 + [0.02])
    done = measure.batches(step, enough=0.6)
    assert [b.disturbed for b in done] == [True, False]


def test_a_link_paced_for_another_speed_is_paced_again():
    # The machine computes twice as slowly from the fifth run on, after the first pacing of four runs.
    step = KnownStep([0.02] * 4 + [0.04])
    runs = measure.at_ratio(step, 3)
    assert runs.ratio == pytest.approx(3.0)
    assert np.median([run.durations[1] for run in runs.in_turn]) == pytest.approx(0.04)


def test_the_nearest_batch_counts_where_none_is_near():
    # Paced for 20 ms, then for 40 ms: never for what comes next.
    step = KnownStep([0.02] * 4 + [0.04] * 8 + [0.05])
    assert measure.at_ratio(step, 3, most=2).ratio == pytest.approx(3 * 0.04 / 0.05)
    step = KnownStep([0.02] * 4 + [0.04] * 8 + [0.4])
    assert measure.at_ratio(step, 3, most=2).ratio == pytest.approx(3 * 0.02 / 0.04)


def test_a_gpu_is_measured_once_at_the_ratio_it_has():
    step = KnownStep([0.02], device="cuda", copy=0.01)
    assert measure.at_ratio(step, 3).ratio == pytest.approx(0.5)
    assert step.runs == 4 + 2 + 2 * 3
