"""The formulas agree with one another and with brute force; the simulator agrees with the formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import serving_theory
from course_lib.seeds import stream
from course_lib.serving import Continuous, StepCost, Trace, simulate, theory


def test_a_single_server_waits_as_the_textbook_says():
    assert theory.mmc_wait(0.8, 1) == pytest.approx(4)
    assert theory.mg1_wait(0.8, 1, cv=0) == pytest.approx(2)
    assert theory.mg1_wait(0.8, 1, cv=1) == pytest.approx(theory.mmc_wait(0.8, 1))
    assert theory.erlang_c(2, 1.6) == pytest.approx(0.7111111, abs=1e-7)
    assert theory.mmc_wait(1, 1) == theory.mg1_wait(2, 1, 1) == math.inf


@given(st.integers(1, 30), st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_erlang_formulas_agree_with_the_stationary_birth_death_chain(servers, load):
    offered, states = load * servers, np.arange(2000)
    log_weight = np.concatenate([[0], np.cumsum(np.log(offered / np.minimum(states[1:], servers)))])
    share = np.exp(log_weight - log_weight.max())
    share /= share.sum()
    assert theory.erlang_c(servers, offered) == pytest.approx(share[servers:].sum(), rel=1e-6)
    waiting = share @ np.maximum(states - servers, 0)
    assert theory.mmc_wait(offered, 1.0, servers) == pytest.approx(waiting / offered, rel=1e-6)


@given(st.floats(0.05, 0.95), st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_a_batch_of_one_is_a_queue_with_fixed_service(load, service):
    rate = load / service
    for wait in (
        theory.greedy_batch_wait(rate, 1, lambda k: service),
        theory.static_batch_wait(rate, 1, service),
    ):
        assert wait == pytest.approx(theory.mg1_wait(rate, service, 0), rel=1e-6)


def test_with_hardly_any_service_only_filling_the_batch_is_left():
    assert theory.static_batch_wait(1, 64, 1e-6) == pytest.approx(theory.fill_wait(64, 1), rel=1e-6)
    assert theory.timeout_wait(64, 1e6, 1) == pytest.approx(theory.fill_wait(64, 1))
    assert theory.timeout_wait(64, 0, 1) == 0


def test_finitely_many_users_fill_a_batch_by_order_statistics():
    drawn = np.sort(stream("fill").exponential(30, (20_000, 70)))[:, 63]
    assert theory.fill_wait_closed(70, 64, 30) == pytest.approx(drawn.mean(), rel=0.01)
    assert theory.fill_wait_closed(63, 64, 30) == math.inf


def test_a_repairman_with_one_caller_alternates_between_thinking_and_service():
    assert theory.repairman_throughput(1, 30, 2) == pytest.approx(1 / 32)
    many = theory.repairman_throughput(1000, 1.0, 0.5)
    assert many == pytest.approx(2, rel=1e-6)  # the server never rests


@pytest.mark.parametrize("call", [
    lambda: theory.mmc_wait(-1, 1), lambda: theory.erlang_b(0, 1), lambda: theory.fill_wait(0, 1),
    lambda: theory.mg1_wait(math.nan, 1, 1),
])  # fmt: skip
def test_a_rate_or_size_that_makes_no_sense_is_named(call):
    with pytest.raises(ValueError, match=r"(rate|servers|batch) must be greater than 0 and finite, not"):
        call()


CASES = serving_theory.cases()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_simulator_agrees_with_theory(case):
    """Twenty seeds, an interval of 99 %: benchmarks/serving_theory.py."""
    found = serving_theory.compare(case)
    print(f"{case.name}: theory {case.expected:.6g}, simulated {found.got:.6g} +- {found.half:.2g}")
    assert found.agrees
    if case.sharp:
        assert found.half <= 0.015 * (case.expected + case.service)


def workload_recursion(arrival: np.ndarray, service: np.ndarray, servers: int) -> np.ndarray:
    """Waits by Kiefer and Wolfowitz 1955: the times at which each server will be free, sorted."""
    free, waits = np.zeros(servers), []
    for at, takes in zip(arrival, service, strict=True):
        start = max(at, free[0])
        waits.append(start - at)
        free[0] = start + takes
        free.sort()
    return np.array(waits)


@pytest.mark.parametrize("servers", [1, 7, 64])
def test_waits_of_a_trace_of_an_hour_equal_the_workload_recursion(servers):
    trace = Trace.like_azure("conv", seed=3)
    step = 2.0**-36 * round(0.9 * servers / 1100 * 2**36)  # about nine tenths of what the servers can do
    arrival = np.rint(trace.arrival / step) * step
    result = simulate(
        Trace(arrival, trace.input_tokens, trace.output_tokens), Continuous(servers), StepCost(step)
    )
    expected = workload_recursion(arrival, trace.output_tokens * step, servers)
    np.testing.assert_allclose(result.wait, expected, rtol=0, atol=1e-9)
    assert expected.mean() > 0


def svc(k):
    return 0.5 + 0.02 * k


@pytest.mark.parametrize("wait", [
    lambda: theory.greedy_batch_wait(35, 64, svc), lambda: theory.static_batch_wait(35, 64, 1.78),
    lambda: theory.static_batch_wait(64 * (1 - 1e-9), 64, 1.0),
    lambda: theory.greedy_batch_wait(8 * (1 - 1e-6) / 0.66, 8, svc),
    lambda: theory.greedy_exponential_wait(64 * (1 - 1e-9), 64, 1.0),
    lambda: theory.static_exponential_wait(64 * (1 - 1e-9), 64, 1.0),
])  # fmt: skip
def test_a_wait_near_load_one_is_found_and_finite(wait):
    """Two of these ran for ever: their test of convergence lay below rounding."""
    assert 0 < wait() < math.inf


@pytest.mark.parametrize("load", [0.5, 0.99, 0.999999, 1 - 1e-9])
def test_one_at_a_time_is_the_queue_with_fixed_or_exponential_service_up_to_load_one(load):
    for fixed in (theory.greedy_batch_wait(load, 1, lambda k: 1.0), theory.static_batch_wait(load, 1, 1.0)):
        assert fixed == pytest.approx(theory.mg1_wait(load, 1, 0), rel=1e-9)
    exponential = theory.greedy_exponential_wait(load, 1, 1.0), theory.static_exponential_wait(load, 1, 1.0)
    for wait in exponential:
        assert wait == pytest.approx(theory.mmc_wait(load, 1), rel=1e-6)


def batch_chain(rate, batch, service, least, states=1500):
    """Mean wait from the balance of all states (server busy or not, number waiting): Little's law."""
    size = 2 * states  # idle with n waiting, busy with n waiting
    flow = np.zeros((size, size))
    for n in range(states):
        idle, busy = n, states + n
        if n + 1 < states:
            flow[idle, states if n + 1 >= least else n + 1] += rate if n < least else 0
            flow[busy, busy + 1] += rate
        left = n - min(n, batch) if n >= least else n
        flow[busy, states + left if n >= least else left] += 1 / service
    balance = (flow - np.diag(flow.sum(1))).T
    balance[-1] = 1
    for n in range(least, states):  # an idle server never leaves so many waiting
        balance[n] = 0
        balance[n, n] = 1
    share = np.linalg.lstsq(balance, np.eye(size)[-1], rcond=None)[0]
    return float((share[:states] + share[states:]) @ np.arange(states)) / rate


@pytest.mark.parametrize(("batch", "load"), [(2, 0.5), (4, 0.8), (8, 0.3)])
def test_waits_with_exponential_batch_service_are_those_of_their_markov_chain(batch, load):
    rate = load * batch / 1.5
    greedy = batch_chain(rate, batch, 1.5, 1, 200)
    assert theory.greedy_exponential_wait(rate, batch, 1.5) == pytest.approx(greedy, rel=1e-6)
    static = batch_chain(rate, batch, 1.5, batch, 200)
    assert theory.static_exponential_wait(rate, batch, 1.5) == pytest.approx(static, rel=1e-6)


def test_a_batch_served_for_hardly_any_time_waits_only_to_be_full():
    assert theory.static_exponential_wait(1, 64, 1e-6) == pytest.approx(theory.fill_wait(64, 1), rel=1e-4)
    assert (
        theory.greedy_exponential_wait(64, 64, 1.0) == theory.static_exponential_wait(64, 64, 1) == math.inf
    )


@pytest.mark.parametrize(("call", "said"), [
    (lambda: theory.mmc_wait(0.5, 1, -2), "servers must be greater than 0 and finite, not -2"),
    (lambda: theory.erlang_b(10**9, 5), "servers must be at most 1,000,000, not 1,000,000,000"),
    (lambda: theory.erlang_c(2.5, 1), "servers must be a whole number, not 2.5"),
    (lambda: theory.fill_wait_closed(10**12, 10**11, 1.0), "batch must be at most 1,000,000"),
    (lambda: theory.timeout_wait(10**9, 1.0, 1.0), "batch must be at most 1,000,000"),
    (lambda: theory.timeout_wait(4, -1.0, 1.0), "seconds must be at least 0 and finite, not -1"),
    (lambda: theory.repairman_throughput(10**9, 1.0, 1.0), "users must be at most 1,000,000"),
    (lambda: theory.greedy_batch_wait(1, 5000, svc), "batch must be at most 1,000, not 5,000"),
    (lambda: theory.greedy_batch_wait(1, 4, lambda k: -k), r"service\(1\) must be greater than 0 .* not -1"),
    (lambda: theory.greedy_batch_wait(10, 20, lambda k: 1e6 if k == 1 else 1.0), "no mean wait was found"),
    (lambda: theory.mg1_wait(0.5, 1, math.inf), "cv must be at least 0 and finite, not inf"),
])  # fmt: skip
def test_what_a_closed_form_cannot_be_asked_is_refused_at_once(call, said):
    with pytest.raises(ValueError, match=said):
        call()
