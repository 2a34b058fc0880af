"""GPipe and 1F1B are in the order in which torch runs them."""

import pytest

from course_lib.distributed.schedules import KINDS, schedule
from tests.course_lib.distributed.torch_schedules import order_at_runtime, printed_order

SIZES = [(stages, microbatches) for stages in range(1, 7) for microbatches in range(1, 13)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_order_in_which_torch_runs_the_stages(kind):
    for stages, microbatches in SIZES:
        if kind == "1f1b" and microbatches < stages:
            continue  # torch refuses it
        found = schedule(stages, microbatches, kind)
        assert found == [order_at_runtime(kind, stage, stages, microbatches) for stage in range(stages)]


def test_torchs_printed_1f1b_differs_from_what_torch_runs_on_the_last_stage_alone():
    """Which is why it is no oracle; if this fails, torch has mended it."""
    wrong = {
        stages - 1 - stage
        for stages, microbatches in SIZES
        if microbatches >= stages
        for stage, order in enumerate(printed_order("1f1b", stages, microbatches))
        if order != order_at_runtime("1f1b", stage, stages, microbatches)
    }
    assert wrong == {0}


@pytest.mark.parametrize("kind", KINDS)
def test_each_stage_takes_every_microbatch_forward_and_then_backward_in_order(kind):
    for stages, microbatches in SIZES:
        for order in schedule(stages, microbatches, kind):
            for letter in "FB":
                assert [m for operation, m in order if operation == letter] == list(range(microbatches))
            assert all(order.index(("F", m)) < order.index(("B", m)) for m in range(microbatches))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0, 4, "gpipe"), "stages"), ((2, 0, "1f1b"), "microbatches"), ((2, 2, "zero bubble"), "kind"),
     ((2, 2.5, "gpipe"), "microbatches")],
)  # fmt: skip
def test_what_makes_no_schedule_is_refused(arguments, named):
    with pytest.raises(ValueError, match=rf"^{named} must"):
        schedule(*arguments)
