"""Decisions: what cannot be done is refused by name, and who decides too slowly is stopped."""

import pytest

from course_lib.serving.scheduling.engine import TooSlow
from tests.course_lib.serving.scheduling.runs import oldest_on, run


def test_a_scheduler_that_never_decides_leaves_them_unserved():
    result = run([0, 1], [2, 2], [5, 3], lambda view: None)
    assert not result.served.any()


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ([7, "c"], "request 7 does not wait in the queue"),
        ([0, "d"], "there is no place 'd'; there are c, a, b, a\\+b"),
        ([0, "c"], "request 0 needs 12 tokens; c holds 10"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_by_name(decision, words):
    with pytest.raises(ValueError, match=words):
        run([0], [9], [3], lambda view: [decision])


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ([0, "c"], "say how many tokens to reserve"),
        ([0, "c", 5], "holds 6 tokens at its next step, not 5"),
        ([0, "c", 11], "request 0 needs 11 tokens; c holds 10"),
    ],
)
def test_without_lengths_a_reservation_must_be_named_and_possible(decision, words):
    with pytest.raises(ValueError, match=words):
        run([0], [5], [3], lambda view: [decision], known=False)


def test_a_request_that_fits_nowhere_is_refused_before_the_run():
    with pytest.raises(ValueError, match="request 1 needs 51 tokens; the largest place holds 50"):
        run([0, 0], [1, 50], [1, 1], oldest_on("c"))


def test_kinds_must_be_as_many_as_requests():
    with pytest.raises(ValueError, match="one for each of 1 requests, not 2"):
        run([0], [1], [1], oldest_on("c"), kinds=["x", "y"])


def test_decisions_that_take_too_long_end_the_run_and_one_is_forgiven():
    import time

    def slow(view, request):
        time.sleep(0.02)
        return [[request, "c"]]

    assert run([0], [1], [1], lambda view: slow(view, 0), limit=0.001).served.all()
    with pytest.raises(TooSlow, match=r"3 decisions took more than 0.001 s, the last 0\.0"):
        run([0, 1, 2], [1] * 3, [1] * 3, lambda view: slow(view, view["queue"][0]["id"]), limit=0.001)


@pytest.mark.parametrize(("decisions", "words"), [
    ([[0]], r"a decision must be \[request, place\] or \[request, place, tokens to reserve\], not \[0\]"),
    ([0], "a decision must be"),
    (["0c"], "a decision must be"),
    ([["0", "c"]], "a decision names a request's id and a place"),
    ([[0, 1]], "a decision names a request's id and a place"),
    ([[0, "c", "all"]], "a decision's third part is a number of tokens"),
    (7, "decisions must be a list"),
    ({"0": "c"}, "decisions must be a list"),
])  # fmt: skip
def test_an_answer_that_is_no_decision_is_told_what_one_is(decisions, words):
    with pytest.raises(ValueError, match=words):
        run([0], [2], [3], lambda view: decisions, known=False)


def test_an_outgrown_that_says_nothing_is_told_what_to_say():
    class Silent:
        def __call__(self, view):
            return [[row["id"], "c", row["input"] + row["generated"] + 1] for row in view["queue"]]

        def outgrown(self, view, request):
            return None

    with pytest.raises(ValueError, match="outgrown must return more tokens and a list of requests"):
        run([0], [2], [3], Silent(), known=False)
