"""Each wish gets the layout that is best for it, by the numbers that are shown."""

import pytest

from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Cluster, Layout
from course_lib.costs.roofline import Device
from course_lib.hardware import gpu, link
from course_lib.parallelism.choice import WISHES, choose, options
from course_lib.shapes import shape

TWO_NODES = Cluster(
    Device.of(gpu("A100 40GB")), 8, 4, Network.of(link("NVLink 3")), Network.of(link("Ethernet 25 Gb/s"))
)


def picks(model, cluster):
    found = options(shape(model), cluster)
    return [choose(found, wish).layout for wish in WISHES]


def test_shards_for_latency_copies_for_throughput_and_stages_between_nodes_for_room():
    assert picks("llama3-8b", TWO_NODES) == [Layout(2, 4, 1), Layout(8, 1, 1), Layout(1, 4, 2)]


def test_a_model_that_fills_a_gpu_is_cut_even_for_throughput():
    assert picks("llama2-13b", TWO_NODES)[1] == Layout(2, 4, 1)
    assert picks("llama3-70b", TWO_NODES)[1] == Layout(1, 4, 2)


def test_over_ethernet_throughput_wants_stages_where_nvlink_wants_shards():
    ethernet = Network.of(link("Ethernet 10 Gb/s"))
    slow = Cluster(Device.of(gpu("RTX 4060 Ti 16GB")), 8, 1, ethernet, ethernet)
    assert choose(options(shape("llama2-13b"), slow), "more users").layout == Layout(1, 1, 8)


@pytest.mark.parametrize("wish", WISHES)
def test_the_choice_is_the_best_of_all_options(wish):
    found = options(shape("llama3-8b"), TWO_NODES)
    chosen = choose(found, wish)
    assert all(option.users >= 1 for option in found)
    if wish == "faster":
        assert chosen.token_seconds == min(option.token_seconds for option in found)
    elif wish == "more users":
        assert chosen.requests_per_second == max(option.requests_per_second for option in found)
    else:
        assert chosen.largest_weights == 320e9
        assert chosen.token_seconds == min(o.token_seconds for o in found if o.largest_weights == 320e9)


def test_what_cannot_be_chosen_is_said():
    with pytest.raises(ValueError, match="cheaper"):
        choose(options(shape("llama3-8b"), TWO_NODES), "cheaper")
    with pytest.raises(ValueError, match="no layout"):
        choose(options(shape("gpt3-175b"), TWO_NODES), "faster")
