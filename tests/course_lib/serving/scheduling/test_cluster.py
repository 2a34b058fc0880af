"""The cluster of question 11: rooms as known, links, and what cannot be."""

import pytest

from course_lib.serving.scheduling.cluster import CASE_WEIGHTS, Cluster, ClusterGPU, case_cluster, case_shape
from course_lib.shapes import kv_bytes_per_token


def rooms(**options):
    return {name: place.room for name, place in case_cluster(**options).places.items()}


def test_rooms_are_the_known_numbers():
    assert kv_bytes_per_token(case_shape()) == 344_064
    assert kv_bytes_per_token(case_shape(grouped=True)) == 114_688
    assert rooms() == {"C1": 5812, "C2": 5812, "C3": 5812, "A1": 17438, "A2": 17438, "A1+A2": 52315}
    assert rooms(pair="replicas")["A1+A2"] == 34876
    assert rooms(grouped=True)["C1"] == 17438
    assert rooms(grouped=True)["A1"] == 52315


def test_c4_is_two_fifths_of_the_gpus_and_two_thirds_of_the_room():
    cluster = case_cluster()
    c4 = [gpu for gpu in cluster.gpus if gpu.node == "C4"]
    room = {gpu.name: gpu.memory_bytes - CASE_WEIGHTS for gpu in cluster.gpus}
    assert len(c4) / len(cluster.gpus) == 0.4
    assert sum(room[gpu.name] for gpu in c4) / sum(room.values()) == pytest.approx(2 / 3)


def test_a_cache_moves_in_a_millisecond_over_nvlink_and_in_seconds_between_nodes():
    cluster = case_cluster()
    assert cluster.seconds_to_move(1000, inside=True) == pytest.approx(344_064_000 / 300e9)
    assert cluster.seconds_to_move(1000, inside=False) == pytest.approx(344_064_000 / (125e6 * 1460 / 1538))
    with pytest.raises(ValueError, match="names no links"):
        Cluster((ClusterGPU("G", "N", 2.0),), 1.0, 1.0).seconds_to_move(1, inside=True)


def test_joined_gpus_are_as_fast_as_the_slower_and_hold_twice_the_smaller_as_replicas():
    gpus = (ClusterGPU("a", "N", 30.0, 2.0), ClusterGPU("b", "N", 20.0, 1.0))
    assert Cluster(gpus, 10.0, 1.0, ("a", "b")).places["a+b"].room == 40
    pair = Cluster(gpus, 10.0, 1.0, ("a", "b"), "replicas").places["a+b"]
    assert (pair.room, pair.speed) == (20, 1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gpus": (ClusterGPU("G", "N", 1.0),)}, "G has 1e-09 GB"),
        ({"gpus": (ClusterGPU("G", "N", 3.0, 0.0),)}, "speed of G must be greater than 0, not 0.0"),
        ({"token_bytes": 0}, "token_bytes must be greater than 0, not 0"),
        ({"weight_bytes": -1.0}, "weight_bytes must be greater than 0, not -1"),
        ({"joined": ("G", "H")}, "joined names GPUs that there are not: H"),
        ({"pair": "both"}, "pair must be one of one copy, replicas, not 'both'"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused_by_name(change, words):
    arguments = {"gpus": (ClusterGPU("G", "N", 3.0),), "weight_bytes": 1.0, "token_bytes": 1.0}
    with pytest.raises(ValueError, match=words):
        Cluster(**arguments | change)
