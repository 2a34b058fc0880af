"""The pipeline's schedule: nothing starts early, nothing waits without a reason, and the known bubbles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.costs import layouts
from course_lib.parallelism.pipeline import clocks, idle_share, schedule

TIMES = st.lists(st.integers(1, 9), min_size=1, max_size=6)
FEW = st.integers(1, 6)


@given(TIMES, FEW, FEW)
def test_a_group_starts_when_it_has_arrived_and_the_stage_is_free_and_not_later(times, groups, rounds):
    starts = schedule(times, groups, rounds)
    ends = starts + np.array(times)[:, None]
    for number, stage, group in np.ndindex(starts.shape):
        came = [0, 0]
        if stage:
            came[0] = ends[number, stage - 1, group]
        elif number:
            came[0] = ends[number - 1, -1, group]
        if group:
            came[1] = ends[number, stage, group - 1]
        elif number:
            came[1] = ends[number - 1, stage, -1]
        assert starts[number, stage, group] == max(came)


@given(TIMES, FEW, FEW)
def test_span_and_idle_share_agree_with_the_closed_form(times, groups, rounds):
    starts = schedule(times, groups, rounds)
    span = (starts + np.array(times)[:, None]).max()
    assert span == layouts.pipeline_seconds(times, groups, rounds)
    expected = layouts.pipeline_idle(times, groups, rounds)
    assert idle_share(times, starts) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("wrong", [([], 1), ([1.0], 0), ([1.0], 1, 0), ([-1.0], 1)])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        schedule(*wrong)


def test_clocks_of_three_microbatches_on_three_stages():
    assert clocks(3, 3) == 5
