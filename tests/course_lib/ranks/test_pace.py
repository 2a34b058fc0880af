"""A paced link takes as long as it is told, one message after the other, and adds up for real."""

from pathlib import Path

import pytest

from course_lib.ranks.processes import Ranks


@pytest.fixture(scope="module")
def ranks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the orders are
        with Ranks(2, progress=False) as started:
            yield started


def test_messages_are_carried_one_after_the_other_and_none_is_quicker_than_the_link(ranks):
    latency, bandwidth, sizes = 0.02, 1e6, (10_000, 2_500, 5_000)
    for sums, spans in ranks.order("orders:paced_sums", latency, bandwidth, sizes):
        assert sums == [3.0] * len(sizes)
        free = 0.0
        for (start, end), size in zip(spans, sizes, strict=True):
            assert start == pytest.approx(free, abs=1e-9)
            assert end - start >= latency + 4 * size / bandwidth - 1e-9
            free = end


def test_what_cannot_be_added_up_raises_where_it_is_waited_for(ranks):
    assert ranks.order("orders:a_paced_sum_that_fails") == ["RuntimeError"] * 2
