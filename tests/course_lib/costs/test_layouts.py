"""Layouts: they use the cluster they are given, and cost what their parts cost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.costs import layouts, memory
from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Cluster, Layout
from course_lib.costs.roofline import Device, decode_work
from course_lib.hardware import gpu, link
from course_lib.shapes import kv_bytes_per_token, shape

MODEL = shape("llama3-8b")
FREE = Network(0, float("inf"))


def cluster(gpus=8, gpus_per_node=4, inside=None, between=None):
    return Cluster(
        Device.of(gpu("A100 40GB")), gpus, gpus_per_node,
        inside or Network.of(link("NVLink 3")), between or Network.of(link("Ethernet 25 Gb/s")),
    )  # fmt: skip


@pytest.mark.parametrize("gpus", [1, 2, 6, 8])
def test_possible_layouts_use_every_gpu_and_are_all_there(gpus):
    found = layouts.possible(MODEL, gpus)
    assert len(set(found)) == len(found)
    expected = {
        (r, t, p)
        for r, t, p in itertools.product(range(1, gpus + 1), repeat=3)
        if r * t * p == gpus and 32 % t == 0 and p <= 32
    }
    assert {(way.replicas, way.tensor, way.pipeline) for way in found} == expected


def test_one_gpu_takes_the_time_of_its_roofline():
    work = decode_work(MODEL, [1000])
    alone = layouts.token_seconds(MODEL, Layout(), cluster(), 1000)
    assert alone == cluster().device.seconds(work)


def test_over_free_links_shards_divide_a_token_and_stages_do_not():
    free = cluster(inside=FREE, between=FREE)
    alone = layouts.token_seconds(MODEL, Layout(), free, 1000)
    assert layouts.token_seconds(MODEL, Layout(tensor=8), free, 1000) == pytest.approx(alone / 8)
    assert layouts.token_seconds(MODEL, Layout(pipeline=8), free, 1000) == pytest.approx(alone)
    assert layouts.token_seconds(MODEL, Layout(replicas=8), free, 1000) == alone


def test_shards_over_slow_links_cost_more_than_they_save():
    slow = cluster(gpus_per_node=1)
    assert layouts.token_seconds(MODEL, Layout(tensor=8), slow, 1000) > 0.8 * layouts.token_seconds(
        MODEL, Layout(), slow, 1000
    )
    fast = cluster(gpus_per_node=8)
    assert layouts.token_seconds(MODEL, Layout(tensor=8), fast, 1000) < layouts.token_seconds(
        MODEL, Layout(tensor=8), slow, 1000
    )


@given(st.integers(1, 4), st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 5, 32]), st.integers(1, 4000))
def test_users_that_fit_fill_the_fullest_gpu_and_no_more(replicas, tensor, pipeline, tokens):
    layout = Layout(replicas, tensor, pipeline)
    each = layouts.users_that_fit(MODEL, layout, cluster(layout.gpus), tokens) // replicas
    share = layouts.largest_stage(MODEL, layout) / tensor

    def taken(users):
        caches = users * tokens * kv_bytes_per_token(MODEL)
        return (memory.weight_bytes(MODEL) + caches) * share

    room = cluster().device.memory_bytes
    assert taken(each) <= room < taken(each + 1)


def test_a_model_that_does_not_fit_holds_nobody_until_it_is_cut():
    large = shape("llama3-70b")
    assert layouts.users_that_fit(large, Layout(8, 1, 1), cluster(), 1000) == 0
    assert layouts.requests_per_second(large, Layout(8, 1, 1), cluster(), 500, 100, 0) == 0
    assert layouts.users_that_fit(large, Layout(1, 1, 8), cluster(), 1000) > 0
    assert layouts.largest_weights(Layout(1, 4, 2), cluster()) == 8 * 40e9


def test_copies_share_the_users_and_nothing_else():
    one = layouts.requests_per_second(MODEL, Layout(), cluster(), 500, 100, 10)
    assert layouts.requests_per_second(MODEL, Layout(replicas=4), cluster(), 500, 100, 40) == pytest.approx(
        4 * one
    )


def first_come_first_served(times, groups, rounds):
    """The same pipeline, event by event."""
    free = [0.0] * len(times)
    back = [0.0] * groups
    for _ in range(rounds):
        for group in range(groups):
            now = back[group]
            for stage, time in enumerate(times):
                now = free[stage] = max(now, free[stage]) + time
            back[group] = now
    return max(back)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 7), st.integers(1, 5))
def test_pipeline_takes_what_its_events_take(times, groups, rounds):
    assert layouts.pipeline_seconds(times, groups, rounds) == first_come_first_served(times, groups, rounds)
    busy = groups * rounds * sum(times)
    span = len(times) * layouts.pipeline_seconds(times, groups, rounds)
    assert layouts.pipeline_idle(times, groups, rounds) == pytest.approx(1 - busy / span)


def test_bubble_of_a_flush_and_of_a_pipeline_kept_full():
    assert layouts.pipeline_idle([1] * 4, 8) == pytest.approx(3 / 11)
    assert layouts.pipeline_idle([1] * 4, 8, rounds=1000) < 1e-3
    assert layouts.pipeline_idle([1] * 4, 1, rounds=1000) == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Layout(0, 1, 1),
        lambda: layouts.pipeline_seconds([], 1),
        lambda: layouts.pipeline_seconds([1], 0),
        lambda: layouts.pipeline_seconds([1], 1, 0),
    ],
)
def test_nonsense_is_refused(call):
    with pytest.raises(ValueError, match="at least"):
        call()


ASKED = {
    "stage": lambda layout: layouts.stage_seconds(
        MODEL, layout, cluster(), layouts.decode_work(MODEL, [10]), 1
    ),
    "token": lambda layout: layouts.token_seconds(MODEL, layout, cluster(), 1000),
    "users": lambda layout: layouts.users_that_fit(MODEL, layout, cluster(), 1000),
    "requests": lambda layout: layouts.requests_per_second(MODEL, layout, cluster(), 500, 100, 10),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("layout", "said"), [
    (Layout(1, 1, 100), "pipeline must be at most 32, the layers of .*, not 100"),
    (Layout(1, 3, 1), "tensor must divide the 32 heads of .*, not 3"),
    (Layout(9, 1, 1), "the layout takes 9 GPUs, the cluster has 8"),
], ids=str)  # fmt: skip
def test_a_layout_that_cannot_be_gets_no_answer(asked, layout, said):
    with pytest.raises(ValueError, match=said):
        ASKED[asked](layout)


def test_more_shards_than_kv_heads_hold_the_same_ones():
    """Eight KV heads on sixteen shards: each holds one, an eighth of the cache."""
    eight, sixteen = (
        layouts.users_that_fit(shape("llama3-70b"), Layout(1, tensor, 1), cluster(16), 1000)
        for tensor in (8, 16)
    )
    weights = memory.weight_bytes(shape("llama3-70b"))
    token = kv_bytes_per_token(shape("llama3-70b"))
    assert sixteen == int((40e9 - weights / 16) // (1000 * token / 8))
    assert eight == int((40e9 - weights / 8) // (1000 * token / 8))


def test_a_latent_cache_is_held_by_every_shard():
    s = shape("deepseek-v2-lite")
    fits = layouts.users_that_fit(s, Layout(1, 4, 1), cluster(), 1000)
    assert fits == int((40e9 - memory.weight_bytes(s) / 4) // (1000 * kv_bytes_per_token(s)))


def test_the_bubble_of_the_interleaved_schedule_is_as_many_times_smaller_as_there_are_pieces():
    """Narayanan et al. 2021, section 2.2: bubble over ideal time is (p - 1) / (v·m)."""
    assert layouts.interleaved_idle(4, 8) == pytest.approx(layouts.pipeline_idle([1.0] * 4, 8))
    for pieces in (1, 2, 4):
        idle = layouts.interleaved_idle(4, 8, pieces)
        assert idle / (1 - idle) == pytest.approx(3 / (pieces * 8))
    with pytest.raises(ValueError, match="groups must be a multiple of 4 stages, not 6"):
        layouts.interleaved_idle(4, 6, 2)


def simulated_interleaving(stages, groups, pieces):
    """Idle share of pieces of time 1 that go round: a device takes its next piece in the order of Narayanan.

    Microbatches go in rounds of `stages`: the first piece of all of a round, then the second, and so on.
    """
    order = [
        (r * stages + m, v) for r in range(groups // stages) for v in range(pieces) for m in range(stages)
    ]
    done, free = {}, [0] * stages
    for group, piece in order:
        before = 0 if piece == 0 else done[group, piece - 1]
        for device in range(stages):
            before = free[device] = max(before, free[device]) + 1
        done[group, piece] = before
    return 1 - groups * pieces / max(free)


@pytest.mark.parametrize(("stages", "groups", "pieces"), [(2, 4, 2), (4, 8, 2), (4, 4, 3), (3, 9, 4)])
def test_the_interleaved_bubble_is_that_of_a_schedule_taken_step_by_step(stages, groups, pieces):
    assert layouts.interleaved_idle(stages, groups, pieces) == pytest.approx(
        simulated_interleaving(stages, groups, pieces)
    )
