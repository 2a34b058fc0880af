"""A planned start is the first at which nothing stands in the way: held to a look at every moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.timeline import Timeline

PLACES = case_cluster().places
stay = some.tuples(
    some.sampled_from(sorted(PLACES)), some.integers(0, 9), some.integers(1, 5), some.integers(1, 5812)
)
stays = some.lists(stay, max_size=14)


def is_free(name, start, duration, tokens, taken, exclusive):
    """Whether whole moments of [start, start + duration) have room, by the definition."""
    gpus = set(PLACES[name].gpus)
    for moment in range(start, start + duration):
        here = [stay for stay in taken if stay[1] <= moment < stay[2] and gpus & set(PLACES[stay[0]].gpus)]
        mates = [stay for stay in here if stay[0] == name]
        if len(mates) < len(here) or (exclusive and mates):
            return False
        if sum(stay[3] for stay in mates) + tokens > PLACES[name].room:
            return False
    return True


@given(stays, some.booleans())
def test_each_stay_begins_at_the_first_moment_at_which_it_can(asked, exclusive):
    timeline, taken = Timeline(PLACES, exclusive), []
    for name, release, duration, tokens in asked:
        start = timeline.earliest(name, release, duration, tokens)
        first = next(s for s in range(release, 999) if is_free(name, s, duration, tokens, taken, exclusive))
        assert start == first
        timeline.put(name, start, start + duration, tokens)
        taken.append((name, start, start + duration, tokens))


def test_what_is_put_into_a_copy_is_not_in_the_original():
    timeline = Timeline(PLACES, exclusive=True)
    timeline.copy().put("C1", 0, 5, 10)
    assert timeline.earliest("C1", 0, 1, 10) == 0


def test_more_tokens_than_the_place_holds_are_refused():
    with pytest.raises(ValueError, match="C1 never has room for 5,813 tokens"):
        Timeline(PLACES, exclusive=False).earliest("C1", 0, 1, 5813)
