"""Small runs worked out by hand: who is served when, under each policy and each kind of memory."""

import json
from dataclasses import replace

import numpy as np
import pytest

from course_lib.costs.roofline import attended_pairs, prefill_work
from course_lib.hardware import gpu
from course_lib.serving import Continuous, Greedy, Memory, Static, StepCost, Timeout, Trace, simulate
from course_lib.shapes import attention_flops, shape

SECOND = StepCost(1.0)  # every step takes one second, whatever it does


def run(arrival, inputs, outputs, policy, cost=SECOND, memory=None):
    result = simulate(Trace(arrival, inputs, outputs), policy, cost, memory)
    result.check()
    return result


def test_a_static_batch_waits_for_its_last_member_and_lasts_until_its_longest_ends():
    # 0 and 1 fill a batch at 3 s; its answers of 2 and 4 tokens end at 5 and 7 s; 2 and 3 wait for both.
    result = run([0, 3, 4, 5, 6], [1] * 5, [2, 4, 1, 1, 1], Static(2))
    assert result.started.tolist()[:4] == [3, 3, 7, 7]
    assert result.first_token.tolist()[:4] == [4, 4, 8, 8]
    assert result.finished.tolist()[:4] == [5, 7, 8, 8]
    assert result.padding == 2
    assert np.isnan(result.started[4]), "a batch that never fills never starts"
    assert result.percentile("ttft", 80) == 4
    assert result.percentile("ttft", 81) == np.inf


def test_sixty_three_users_never_fill_a_batch_of_sixty_four():
    trace = Trace.closed(63, 1.0, 1, (1, 1))
    assert not simulate(trace, Static(64), SECOND).served.any()
    assert simulate(trace, Static(63), SECOND).served.all()


def test_a_greedy_batch_takes_what_waits_when_the_engine_is_free():
    result = run([0, 0.25, 0.5, 0.75], [1] * 4, [1] * 4, Greedy(2))
    assert result.started.tolist() == [0, 1, 1, 2]


def test_a_timeout_counts_from_the_first_that_waits():
    result = run([0, 1, 10, 10.5, 20], [1] * 5, [1] * 5, Timeout(2, 2.0))
    assert result.started.tolist() == [1, 1, 10.5, 10.5, 22]


def test_continuous_batching_admits_at_the_next_step_and_lets_go_at_once():
    # 1 joins at the step boundary 1 s; 2 waits until 0 has left at 3 s.
    result = run([0, 0.5, 0.5], [1] * 3, [3, 4, 1], Continuous(2))
    assert result.started.tolist() == [0, 1, 3]
    assert result.first_token.tolist() == [1, 2, 4]
    assert result.finished.tolist() == [3, 5, 4]


def test_each_part_of_a_step_costs_its_coefficient():
    # Prefill of 4: 1/2 + 8 + 4/4. Then reads 5, 6 with one sequence: 1/2 + 2 + 5/8 and 1/2 + 2 + 6/8.
    cost = StepCost(0.5, 2.0, 0.125, 8.0, 0.25)
    result = run([0], [4], [3], Continuous(1), cost)
    assert result.first_token[0] == 9.5
    assert result.finished[0] == 9.5 + 3.125 + 3.25


def test_a_prompt_in_chunks_lets_others_decode_meanwhile():
    result = run([0, 0.5], [1, 10], [6, 1], Continuous(2, chunk=4), StepCost(1.0))
    # Steps: 0 alone; then 4 + 4 + 2 tokens of the second prompt beside three tokens of the first.
    assert result.first_token.tolist() == [1, 4]
    assert result.finished.tolist() == [6, 4]


def test_a_reservation_keeps_the_next_out_although_there_is_room_now():
    arguments = ([0, 0], [2, 2], [6, 6], Continuous(2))
    assert run(*arguments, memory=Memory(room=15)).started.tolist() == [0, 6]
    grown = run(*arguments, memory=Memory(room=15, grow=True))
    assert grown.started.tolist() == [0, 0]
    assert grown.preemptions == 1
    # The newest goes when both would need eight tokens, and computes its cache anew after the other's end.
    assert grown.finished.tolist() == [6, 7]


def test_swapping_takes_the_time_of_the_bytes_out_and_in():
    arguments = ([0, 0], [2, 2], [6, 6], Continuous(2, preempt="swap"))
    memory = Memory(room=15, grow=True, bytes_per_token=1.0, swap_rate=32.0)
    # Seven tokens go out before the sixth step and come back after it: 7/32 of a second each.
    result = run(*arguments, memory=memory)
    assert result.finished.tolist() == [6 + 7 / 32, 7 + 14 / 32]


def test_a_window_bounds_what_is_read_and_what_is_held():
    cost = StepCost(1.0, 0.0, 1.0)
    result = run([0], [3], [5], Continuous(1), cost, Memory(room=4, window=4))
    # Prefill 1 s; then four steps that read 4 tokens each.
    assert result.finished[0] == 1 + 4 * 5
    assert result.peak == 4


def test_a_request_that_can_never_fit_is_refused_by_number_and_size():
    with pytest.raises(ValueError, match="room is too small: request 1 needs 12 tokens, 10 fit"):
        run([0, 0], [1, 8], [1, 4], Continuous(2), memory=Memory(room=10))


@pytest.mark.parametrize(("make", "said"), [
    (lambda: StepCost(-1), "s0 must be at least 0 and finite, not -1"),
    (lambda: StepCost(float("nan")), "s0 .* not nan"),
    (lambda: StepCost(0, p0=1), "a step must take time"),
    (lambda: Greedy(0), "batch must be at least 1, not 0"),
    (lambda: Static(-2), "batch must be at least 1, not -2"),
    (lambda: Timeout(2, float("inf")), "seconds must be at least 0 and finite, not inf"),
    (lambda: Continuous(0), "max_sequences must be at least 1, not 0"),
    (lambda: Continuous(1, chunk=0), "chunk must be at least 1 or None, not 0"),
    (lambda: Continuous(1, preempt="kill"), "preempt must be 'recompute' or 'swap', not 'kill'"),
    (lambda: Memory(room=-1), "room must be greater than 0, not -1"),
    (lambda: Memory(room=float("nan")), "room must be greater than 0, not nan"),
    (lambda: Memory(window=0), "window must be at least 1 or None, not 0"),
    (lambda: Memory(grow=True, reserve=5), "reserve must be None with grow"),
])  # fmt: skip
def test_bad_input_names_the_field_and_the_value(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_rows_never_hold_two_requests_at_one_time():
    trace = Trace.poisson(3.0, 200, (5, 9), seed=2)
    result = simulate(trace, Continuous(8), StepCost(0.02))
    rows = result.rows()
    assert rows.min() == 0
    assert rows.max() < 8
    for row in range(rows.max() + 1):
        mine = np.flatnonzero(rows == row)
        mine = mine[np.argsort(result.started[mine])]
        assert (result.started[mine][1:] >= result.finished[mine][:-1]).all()


def test_queue_and_running_count_who_is_there():
    result = run([0, 0.5, 0.5], [1] * 3, [3, 4, 1], Continuous(2))
    times, waiting = result.queue_length()
    assert dict(zip(times.tolist(), waiting.tolist(), strict=True)) == {0: 0, 0.5: 2, 1: 1, 3: 0}
    times, running = result.running()
    assert dict(zip(times.tolist(), running.tolist(), strict=True)) == {0: 1, 1: 2, 3: 2, 4: 1, 5: 0}


def test_the_chrome_trace_has_a_slice_for_each_part_and_adds_up_to_the_latency():
    result = run([0, 0.5], [1, 1], [3, 2], Continuous(1))
    events = json.loads(result.to_chrome_trace())["traceEvents"]
    for i, latency in enumerate(result.latency):
        assert sum(e["dur"] for e in events if e["name"].endswith(f" {i}")) == pytest.approx(latency * 1e6)


@pytest.mark.parametrize(("change", "said"), [
    ({"started": np.array([-1.0])}, "request 0: started at -1.0 before queued at 0.0"),
    ({"tokens": 4}, "4 tokens came out where 3 were asked for"),
    ({"busy": 9.0}, "the engine worked 9.0 s of 3.0 s"),
])  # fmt: skip
def test_a_broken_invariant_is_named(change, said):
    with pytest.raises(ValueError, match=said):
        replace(run([0], [1], [3], Continuous(1)), **change).check()


def test_a_datasheets_step_reads_the_weights_and_the_cache():
    cost = StepCost.from_datasheet(shape("llama2-7b"), gpu("RTX 4080 16GB"))
    assert cost.seconds(1, 0) == pytest.approx(13.2e9 / 716.8e9, rel=0.02)
    assert cost.s2 == pytest.approx(524_288 / 716.8e9)


@pytest.mark.parametrize("name", ["gpt2", "llama3.2-1b", "llama2-7b", "mixtral-8x7b"])
def test_a_datasheets_prompt_goes_through_the_head_once_as_in_the_work_of_a_prefill(name):
    """Charged to every token, the head added 31 % to a prompt of gpt2 and 23 % to one of llama3.2-1b."""
    s, card = shape(name), gpu("A100 80GB")
    cost = StepCost.from_datasheet(s, card)
    tokens = 512
    pairs = attention_flops(s) * s.layers * attended_pairs(tokens)
    computing = (prefill_work(s, [tokens]).flops - pairs) / card.rate("fp16")
    assert cost.seconds(0, 0, tokens) - cost.s0 == pytest.approx(computing)
