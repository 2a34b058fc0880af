"""The formulas agree with one another and with brute force; the simulator agrees with the formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, Static, StepCost, Timeout, Trace, simulate, theory

STEP = 2.0**-30  # seconds of a token; services last about 2^20 of them, so the grid of tokens does not show
SERVICE = 2**20


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


# The simulator against theory: twenty seeds, an interval of 99 % (Student's t, 19 degrees of freedom).

SEEDS, STUDENT, REQUESTS = 20, 2.861, 30_000
MORE = 3 * REQUESTS  # where queues remember for long: one or two servers
MEAN = SERVICE * STEP
LOADS = [0.5, 0.8, 0.9, 0.95]


def arrivals(rate: float, seed: int, n: int) -> tuple[np.ndarray, float]:
    """Poisson arrivals on the grid of tokens, and how far the mean gap is from its expectation, relative."""
    gaps = stream("theory", "gaps", seed=seed).exponential(1 / rate, n)
    return np.rint(np.cumsum(gaps) / STEP) * STEP, gaps.mean() * rate - 1


def judge(name: str, expected: float, run, service: float, load: float) -> None:
    """`run(seed)` gives the waits of one seed and its controls, whose known mean is 0.

    The controls explain a part of the noise (control variates); the first twentieth is still filling up.
    """
    waits, controls = zip(*(run(seed) for seed in range(SEEDS)), strict=True)
    waits, controls = np.array([wait[len(wait) // 20 :].mean() for wait in waits]), np.array(controls)
    slope, *_ = np.linalg.lstsq(controls - controls.mean(0), waits - waits.mean(), rcond=None)
    free = waits - controls @ slope
    mean = free.mean()
    half = STUDENT * free.std(ddof=1 + controls.shape[1]) / math.sqrt(SEEDS)
    print(f"{name}: theory {expected:.6g} s, simulated {mean:.6g} +- {half:.2g} s ({half / expected:.1%})")
    # Where hardly anybody waits, no run of this length sees one who does.
    assert abs(mean - expected) <= half + 1e-6 * service
    if load <= 0.8:
        assert half <= 0.015 * (expected + service)


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("servers", [1, 2, 5, 12, 64])
def test_mean_wait_with_several_servers_is_erlangs(servers, load):
    rate, requests = load * servers / MEAN, MORE if servers <= 2 else REQUESTS

    def run(seed):
        services = stream("theory", "services", servers, seed=seed).geometric(1 / SERVICE, requests)
        arrival, gap = arrivals(rate, seed, requests)
        trace = Trace(arrival, np.ones(requests, int), services)
        result = simulate(trace, Continuous(servers), StepCost(STEP))
        return result.wait, [gap, services.mean() / SERVICE - 1]

    judge(f"M/M/{servers} at {load}", theory.mmc_wait(rate, MEAN, servers), run, MEAN, load)


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("cv", [0.0, 0.5, 2.0])
def test_mean_wait_with_any_service_time_is_pollaczek_and_khinchines(cv, load):
    rate = load / MEAN

    def run(seed):
        draw = stream("theory", "any", seed=seed)
        services = np.full(MORE, SERVICE)
        if cv:
            services = np.maximum(1, np.rint(draw.gamma(cv**-2, cv**2 * SERVICE, MORE))).astype(int)
        arrival, gap = arrivals(rate, seed, MORE)
        result = simulate(Trace(arrival, np.ones(MORE, int), services), Continuous(1), StepCost(STEP))
        squares = (services / SERVICE) ** 2
        controls = [gap, services.mean() / SERVICE - 1, squares.mean() - 1 - cv**2] if cv else [gap]
        return result.wait, controls

    # Long services make long memories: no run of this length is sharp with a variation of 2.
    expected = theory.mg1_wait(rate, MEAN, cv)
    judge(f"M/G/1, cv {cv}, at {load}", expected, run, MEAN, load if cv < 1 else math.inf)


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("policy", [Greedy(1), Greedy(8), Greedy(64), Static(8), Static(64)], ids=str)
def test_mean_wait_in_batches_of_fixed_length_is_baileys(policy, load):
    fixed, each = 0.5, 0.02
    service = lambda size: fixed + each * size  # noqa: E731
    rate = load * policy.batch / service(policy.batch)
    if isinstance(policy, Greedy):
        expected = theory.greedy_batch_wait(rate, policy.batch, service)
    else:
        expected = theory.static_batch_wait(rate, policy.batch, service(policy.batch))

    def run(seed):
        arrival, gap = arrivals(rate, seed, REQUESTS)
        ones = np.ones(REQUESTS, int)
        result = simulate(Trace(arrival, ones, ones), policy, StepCost(1e-9, p0=fixed, p1=each))
        return result.wait[result.served], [gap]

    judge(f"{policy} at {load}", expected, run, service(policy.batch), load)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.5, 2.0, 20.0])
def test_mean_wait_for_a_batch_with_a_timeout(seconds):
    def run(seed):
        arrival, gap = arrivals(4.0, seed, REQUESTS)
        ones = np.ones(REQUESTS, int)
        result = simulate(Trace(arrival, ones, ones), Timeout(16, seconds), StepCost(1e-9))
        return result.wait, [gap]

    judge(f"timeout {seconds} s", theory.timeout_wait(16, seconds, 4.0), run, 1.0, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize(("users", "think"), [(1, 3.0), (5, 4.0), (40, 12.0)])
def test_a_closed_loop_answers_as_often_as_the_repairman_mends(users, think):
    """Seconds here are a thousand times the service time of the other tests' grid."""
    rounds, step = max(200, 20_000 // users), 2.0**-20
    rates = []
    for seed in range(SEEDS):
        exponential = lambda random, n: (np.ones(n, int), random.geometric(step, n))  # noqa: E731
        trace = Trace.closed(users, think, rounds, exponential, seed)
        result = simulate(trace, Continuous(1), StepCost(step))
        # The last users finish alone: only the time in which all are there counts.
        whole = min(result.finished[-users:])
        rates.append((result.finished <= whole).sum() / whole)
    half = STUDENT * np.std(rates, ddof=1) / math.sqrt(SEEDS)
    assert abs(np.mean(rates) - theory.repairman_throughput(users, think, 1.0)) <= half + 1e-3


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
