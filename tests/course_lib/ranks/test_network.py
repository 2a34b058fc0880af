"""The links between ranks, measured: bytes as the formula says, and a network of sensible size."""

import pytest

from course_lib.costs import collectives
from course_lib.ranks.network import all_reduces, measure_network
from course_lib.ranks.processes import Ranks
from tests.course_lib.ranks.test_processes import LINUX


@pytest.fixture(scope="module")
def ranks():
    with Ranks(4, progress=False) as started:
        yield started


@LINUX
@pytest.mark.parametrize("size", [2, 4])
def test_a_ring_all_reduce_sends_what_its_formula_says(ranks, size):
    nbytes, _, sent = all_reduces(ranks, size, repeats=5)[-1]
    assert sent == pytest.approx(collectives.bytes_sent("all_reduce", nbytes, size), rel=0.01)


def test_a_network_has_latency_and_bandwidth(ranks):
    network = measure_network(ranks, 2)
    assert 0 <= network.latency < 1
    assert 1e6 < network.bandwidth <= 1e12


@pytest.mark.parametrize("count", [0, 5])
def test_more_or_fewer_ranks_than_there_are_is_refused_and_harms_nobody(ranks, count):
    with pytest.raises(ValueError, match="4 ranks were started"):
        all_reduces(ranks, count)
    assert len(all_reduces(ranks, 4, repeats=1)) == 4
