"""A token's time against the pipeline's, and the cheapest fix against what follows from its definition."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.costs.collectives import Network
from course_lib.offload.card import CARD, LINK, MODEL, WEIGHT_BYTES
from course_lib.offload.remedies import Case, Remedy, cheapest_fix, combined, recompute_link, remedies
from course_lib.shapes import kv_bytes_per_token

ROOM = CARD.memory_bytes - WEIGHT_BYTES


def a_case(tokens=4096, **fields):
    link = Network.of(LINK)
    base = Case(tokens, kv_bytes_per_token(MODEL), MODEL.layers, WEIGHT_BYTES, CARD.memory_bandwidth, link)
    return replace(base, **fields)


def test_all_of_the_cache_crosses_in_86_ms_and_what_does_not_fit_hides_behind_the_weights():
    case = a_case()
    latency = case.layers * case.link.latency
    assert case.token_seconds == pytest.approx(
        4096 * case.kv_bytes / LINK.typical + latency + case.compute_seconds
    )
    assert 1e3 * case.compute_seconds == pytest.approx(22.53, abs=0.01)
    kept = a_case(room=ROOM, buffers=2)
    assert 1e3 * (kept.token_seconds - kept.compute_seconds) < 0.25
    # The second buffer alone hides only what the computing lasts.
    assert 1e3 * a_case(buffers=2).token_seconds == pytest.approx(86.79, abs=0.02)


def test_a_cache_that_fits_does_not_cross():
    assert a_case(tokens=100, room=ROOM).token_seconds == pytest.approx(a_case(tokens=100).compute_seconds)


def test_recomputing_is_a_slow_link():
    link = recompute_link(MODEL, CARD)
    layers_flops = 2 * 32 * (4 * 4096**2 + 3 * 4096 * 11008)
    assert link.bandwidth == pytest.approx(524288 * 97.5e12 / layers_flops, rel=0.001)


def test_what_shares_the_card_keeps_less_and_what_is_swapped_in_has_it_alone():
    table = {remedy.name: remedy for remedy in remedies(a_case(), MODEL, CARD, ROOM, users=8)}
    assert table["keep what fits"].change == {"room": ROOM / 8}
    assert table["swap once a turn"].change == {"room": ROOM}
    assert "80 ms" in table["swap once a turn"].loses


@pytest.mark.parametrize("users", [1, 8])
@pytest.mark.parametrize("tokens", [1000, 4096, 32768])
def test_prices_rise_and_every_remedy_but_recomputing_helps_a_case_that_is_all_in_host_memory(tokens, users):
    case = a_case(tokens)
    table = remedies(case, MODEL, CARD, ROOM, users)
    assert [remedy.price for remedy in table] == sorted(remedy.price for remedy in table)
    for remedy in table:
        fixed = replace(case, **remedy.change)
        if remedy.name == "recompute":
            assert fixed.token_seconds > case.token_seconds
        elif fixed != case:
            assert fixed.token_seconds < case.token_seconds, remedy.name


def test_every_remedy_is_the_answer_to_some_case_or_dearer_than_one_that_does_more():
    chosen = set()
    for tokens in (4096, 8192, 16384, 32768):
        for users in (1, 8):
            table = remedies(a_case(tokens), MODEL, CARD, ROOM, users)
            for milliseconds in (20.5, 22.5, 24, 30, 50, 90, 250):
                try:
                    chosen |= {r.name for r in cheapest_fix(milliseconds / 1e3, a_case(tokens), table)}
                except ValueError:
                    continue
    names = {remedy.name for remedy in remedies(a_case(), MODEL, CARD, ROOM)}
    # Computing anew is a link of 4 GB/s; a window gives more than GQA, at a lower price.
    assert names - chosen == {"recompute", "8 KV heads (GQA)"}


CHOICES = [
    Remedy("a", 1, {"buffers": 2}, ""),
    Remedy("b", 1, {"room": 3000.0}, ""),
    Remedy("c", 2, {"room": 5000.0}, ""),
    Remedy("d", 2, {"kv_bytes": 5.0}, ""),
    Remedy("e", 4, {"link": Network(0, 500), "buffers": 1}, ""),
]


@settings(max_examples=60, deadline=None)
@given(st.integers(100, 900), st.floats(0.5, 200))
def test_the_fix_is_enough_and_nothing_that_is_enough_costs_less(tokens, budget):
    case = Case(tokens, 10.0, 4, 1000.0, 1e4, Network(0.001, 100))
    sets = [
        (sum(remedy.price for remedy in chosen), fixed.token_seconds)
        for chosen, fixed in combined(case, CHOICES)
    ]
    enough = [(price, seconds) for price, seconds in sets if seconds <= budget]
    if not enough:
        with pytest.raises(ValueError, match="no set of remedies"):
            cheapest_fix(budget, case, CHOICES)
        return
    found = cheapest_fix(budget, case, CHOICES)
    price, seconds = min(enough)
    changes = {field: value for remedy in found for field, value in remedy.change.items()}
    assert sum(remedy.price for remedy in found) == price
    assert replace(case, **changes).token_seconds == seconds <= budget


def test_two_remedies_that_change_the_same_field_exclude_each_other():
    sets = {tuple(remedy.name for remedy in chosen) for chosen, _ in combined(a_case(), CHOICES)}
    assert ("a", "b", "d") in sets
    assert not {("b", "c"), ("a", "e")} & sets
    assert len(sets) == len(list(combined(a_case(), CHOICES))) == 3 * 3 * 2
