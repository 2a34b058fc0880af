"""Collectives: the formulas against a simulation of each algorithm, message by message."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.costs import collectives
from course_lib.costs.collectives import Network
from course_lib.hardware import LINKS

RANKS = st.integers(1, 9)


def ring(ranks, rounds):
    """Bytes (in chunks of which a message has `ranks`) that a rank sends, and its messages in a row."""
    return rounds * (ranks - 1) / ranks, rounds * (ranks - 1)


def tree(ranks):
    """Ranks that have the message double in each step until all have it."""
    having, steps = 1, 0
    while having < ranks:
        having, steps = 2 * having, steps + 1
    return steps


@given(RANKS, st.integers(0, 10**9))
def test_traffic_and_time_are_those_of_the_algorithm(ranks, nbytes):
    network = Network(1e-5, 1e9)
    for kind, rounds in (("all_gather", 1), ("reduce_scatter", 1), ("all_to_all", 1), ("all_reduce", 2)):
        share, steps = ring(ranks, rounds)
        assert collectives.bytes_sent(kind, nbytes, ranks) == pytest.approx(share * nbytes)
        expected = steps * 1e-5 + share * nbytes / 1e9
        assert collectives.seconds(kind, nbytes, ranks, network) == pytest.approx(expected)
    assert collectives.steps("broadcast", ranks) == tree(ranks)
    assert collectives.bytes_sent("broadcast", nbytes, ranks) == tree(ranks) * nbytes


@given(RANKS, st.integers(1, 10**9))
def test_an_all_reduce_is_a_reduce_scatter_and_an_all_gather(ranks, nbytes):
    network = Network(3e-6, 2e9)
    parts = [collectives.seconds(kind, nbytes, ranks, network) for kind in ("reduce_scatter", "all_gather")]
    assert collectives.seconds("all_reduce", nbytes, ranks, network) == pytest.approx(sum(parts))


@pytest.mark.parametrize("kind", collectives.KINDS)
def test_one_rank_says_nothing(kind):
    assert collectives.bytes_sent(kind, 1e6, 1) == 0
    assert collectives.seconds(kind, 1e6, 1, Network(1, 1)) == 0


def test_more_ranks_take_longer_but_hardly_send_more():
    sent = [collectives.bytes_sent("all_reduce", 1.0, ranks) for ranks in (2, 4, 8, 1000)]
    assert sent == [1.0, 1.5, 1.75, 1.998]
    times = [collectives.seconds("all_reduce", 1.0, ranks, Network(1, math.inf)) for ranks in (2, 4, 8)]
    assert times == [2, 6, 14]


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
def test_every_link_of_the_data_sheets_makes_a_network(link):
    network = Network.of(link)
    assert 0 < network.latency < 1e-4
    assert network.bandwidth <= link.peak


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: collectives.bytes_sent("gossip", 1, 2), "gossip"),
        (lambda: collectives.bytes_sent("send", 1, 0), "not 0"),
        (lambda: collectives.bytes_sent("send", -1, 2), "-1"),
        (lambda: Network(-1, 1), "-1"),
        (lambda: Network(0, 0), "not 0 and 0"),
    ],
)
def test_nonsense_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
