"""What stays on the card against every possible choice."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.offload.placement import copied_tokens, keep_hot

READS = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), READS), min_size=1, max_size=4), st.integers(0, 12))
def test_no_other_choice_copies_less(conversations, room):
    tokens, reads = zip(*conversations, strict=True)
    kept = keep_hot(tokens, reads, room)
    assert (kept >= 0).all()
    assert (kept <= tokens).all()
    assert kept.sum() <= room
    choices = product(*(range(count + 1) for count in tokens))
    least = min(copied_tokens(tokens, reads, choice) for choice in choices if sum(choice) <= room)
    assert copied_tokens(tokens, reads, kept) == pytest.approx(least)


def test_the_case_keeps_all_but_282_tokens():
    assert keep_hot([4096], [1.0], 3814).tolist() == [3814]
    assert copied_tokens([4096], [1.0], [3814]) == 282


def test_of_equals_the_earlier_is_kept_and_what_is_never_read_is_not():
    assert keep_hot([5, 5, 9], [0.5, 0.5, 0.0], 12).tolist() == [5, 5, 0]
    assert keep_hot([5, 5], [0.5, 0.5], 7).tolist() == [5, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], [1.0], 3), "each of 2"),
        (([1], [1.0], -1), "at least 0"),
        (([1], [float("nan")], 1), "at least 0"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        keep_hot(*arguments)
