"""A step's cost is found again in a log of requests, and a log that makes no sense is refused."""

import json
from dataclasses import astuple

import numpy as np
import pytest

from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, StepCost, Trace, simulate
from course_lib.serving.log import RequestLog, fit
from course_lib.serving.trace import lognormal

COST = StepCost(8e-3, 2e-4, 1e-7, 1e-3, 3e-5)


@pytest.mark.parametrize("policy", [Continuous(16), Greedy(8)], ids=str)
@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_requests_held_back_are_predicted_from_the_rest(policy, rate):
    trace = Trace.poisson(rate, 400, lognormal(200, 80, 1.0), seed=5)
    found = fit(RequestLog.of(simulate(trace, policy, COST)))
    assert found.held_back >= 90
    assert found.error < 0.03


def test_the_coefficients_themselves_are_found_when_the_log_shows_them():
    trace = Trace.poisson(3.0, 600, lognormal(300, 80, 1.5), seed=6)
    found = fit(RequestLog.of(simulate(trace, Continuous(32), COST)))
    np.testing.assert_allclose(astuple(found.cost)[:3], astuple(COST)[:3], rtol=0.15)
    assert found.cost.p1 == pytest.approx(COST.p1, rel=0.15)


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
