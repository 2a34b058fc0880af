"""The pipeline's schedule: nothing starts early, nothing waits without a reason, and the known bubbles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.costs import layouts
from course_lib.parallelism.pipeline import clocks, idle_share, schedule

TIMES = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@given(TIMES, st.integers(1, 9))
def test_a_microbatch_starts_when_it_has_arrived_and_the_stage_is_free_and_not_later(times, microbatches):
    starts = schedule(times, microbatches)
    ends = starts + np.array(times)[:, None]
    for stage in range(len(times)):
        for microbatch in range(microbatches):
            arrived = ends[stage - 1, microbatch] if stage else 0
            free = ends[stage, microbatch - 1] if microbatch else 0
            assert starts[stage, microbatch] == max(arrived, free)


@given(TIMES, st.integers(1, 9))
def test_span_and_idle_share_agree_with_the_closed_form(times, microbatches):
    starts = schedule(times, microbatches)
    assert starts[-1, -1] + times[-1] == layouts.pipeline_seconds(times, microbatches)
    assert idle_share(times, starts) == pytest.approx(layouts.pipeline_idle(times, microbatches), abs=1e-12)


@pytest.mark.parametrize("wrong", [([], 1), ([1.0], 0), ([-1.0], 1)])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        schedule(*wrong)


def test_clocks_of_three_microbatches_on_three_stages():
    assert clocks(3, 3) == 5
