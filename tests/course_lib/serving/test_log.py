"""A step's cost is found again in a log of requests, and a log that makes no sense is refused."""

import json
from dataclasses import astuple, replace

import numpy as np
import pytest

from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, Static, StepCost, Timeout, Trace, simulate
from course_lib.serving.log import RequestLog, fit
from course_lib.serving.trace import lognormal

COST = StepCost(8e-3, 2e-4, 1e-7, 1e-3, 3e-5)


POLICIES = [Continuous(6), Continuous(16), Greedy(8), Static(8), Timeout(8, 0.5)]


def logged(policy, rate, n=400, seed=5):
    trace = Trace.poisson(rate, n, lognormal(200, 80, 1.0), seed=seed)
    return RequestLog.of(simulate(trace, policy, COST))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_latencies_held_back_are_predicted_exactly_from_the_rest(policy, rate):
    found = fit(logged(policy, rate), policy)
    assert found.held_back == 100
    assert found.error < 1e-6


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_a_log_taken_from_outside_with_every_token_a_little_late_predicts_as_well(policy, rate):
    log = logged(policy, rate)
    late = stream("late").uniform(0.0, 1e-3, (2, len(log)))  # a step takes 8 ms and more
    first, last = log.first_token + late[0], log.last_token + late[1]
    found = fit(replace(log, first_token=first, last_token=np.maximum(first, last)), policy)
    assert found.error < 0.01


def test_where_requests_queue_without_end_a_last_digit_of_the_cost_decides_who_waits():
    assert fit(logged(Continuous(4), 4.0)).error < 0.01


def test_without_a_policy_it_is_continuous_batching_with_the_seats_that_the_log_shows():
    found = fit(logged(Continuous(7), 4.0))
    assert found.policy == Continuous(7)
    assert found.error < 1e-6


@pytest.mark.parametrize("policy", [Continuous(16), Greedy(8)], ids=str)
def test_what_is_kept_back_has_no_say_in_the_cost(policy):
    log = logged(policy, 1.0)
    late = np.arange(len(log)) >= 300
    slower = replace(log, last_token=np.where(late, 2 * log.last_token - log.first_token, log.last_token))
    assert fit(slower, policy).cost == fit(log, policy).cost
    assert fit(slower, policy).error > 0.1


def test_the_order_of_the_lines_does_not_matter():
    log = logged(Continuous(16), 2.0)
    assert fit(log.take(stream("order").permutation(len(log)))).error == fit(log).error


def test_the_coefficients_themselves_are_found_when_the_log_shows_them():
    found = fit(logged(Continuous(32), 3.0, n=600, seed=6))
    np.testing.assert_allclose(astuple(found.cost), astuple(COST), rtol=1e-3)


@pytest.mark.parametrize(("n", "hold_out", "said"), [
    (3, 4, "one of 4 requests is kept back, it has 3"),
    (2, 2, "stretches of steps, at least 5"),
    (100, 1, "hold_out must be at least 2, not 1"),
])  # fmt: skip
def test_a_log_that_is_too_short_is_refused(n, hold_out, said):
    with pytest.raises(ValueError, match=said):
        fit(logged(Continuous(16), 1.0).take(np.s_[:n]), hold_out=hold_out)


def test_a_fit_of_steps_is_exact():
    random = stream("steps")
    features = np.column_stack([np.ones(50), random.integers(1, 32, 50), random.integers(10, 9000, 50),
                                random.integers(0, 2, 50), random.integers(0, 500, 50)])  # fmt: skip
    found = StepCost.fit(features, features @ np.array(astuple(COST)))
    np.testing.assert_allclose(astuple(found), astuple(COST), rtol=1e-6)


def test_both_file_formats_hold_the_same_log(tmp_path):
    log = RequestLog.of(simulate(Trace.poisson(1.0, 8, (20, 5)), Continuous(4), COST))
    names = ("queued", "first_token", "last_token", "input_tokens", "output_tokens")
    rows = [dict(zip(names, map(float, row), strict=True)) for row in zip(*astuple(log), strict=True)]
    lines = "\n".join(json.dumps(row | {"model": "any"}) for row in rows)
    table = ",".join(names) + "\n" + "\n".join(",".join(map(repr, row.values())) for row in rows)
    for name, text in (("log.jsonl", lines), ("log.csv", table)):
        path = tmp_path / name
        path.write_text(text)
        np.testing.assert_array_equal(np.stack(astuple(RequestLog.read(path))), np.stack(astuple(log)))


@pytest.mark.parametrize(("data", "said"), [
    (b"", "no requests"),
    (b"queued,first_token\n0,1\n", "line 2 of the log lacks last_token"),
    (b"queued,first_token,last_token,input_tokens,output_tokens\n0,1,x,1,1\n", "line 2 of the log"),
    (b'{"queued": 0}\n', "line 1 of the log lacks first_token"),
    (b"{nonsense\n", "line 1 of the log"),
    (b"queued,first_token,last_token,input_tokens,output_tokens\n5,1,2,1,1\n", "request 0 .* queued=5"),
])  # fmt: skip
def test_a_log_that_makes_no_sense_names_the_line(data, said):
    with pytest.raises(ValueError, match=said):
        RequestLog.read(data)
