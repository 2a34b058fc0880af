"""Traces: the distributions they promise, the file they are read from, and what they refuse."""

import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib.paths import ROOT
from course_lib.serving import Continuous, Greedy, StepCost, Trace, simulate
from course_lib.serving.trace import fixed, geometric, lognormal

RECORDED = Path(os.environ.get("COURSE_SHARED", ROOT.parent / "shared")) / "data" / "traces"
HEADER = b"TIMESTAMP,ContextTokens,GeneratedTokens\n"


def cv(values):
    return values.std() / values.mean()


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0, 3.0])
def test_gaps_have_the_rate_and_the_variation_asked_for(spread):
    trace = Trace.gamma(2.0, spread, 40_000, (10, 20), seed=1)
    gaps = np.diff(trace.arrival)
    assert gaps.mean() == pytest.approx(0.5, rel=0.05)
    assert cv(gaps) == pytest.approx(spread, rel=0.05, abs=1e-9)
    assert (trace.input_tokens == 10).all()
    assert (trace.output_tokens == 20).all()


def test_a_seed_gives_the_same_trace_and_another_seed_another():
    same = [Trace.poisson(1.0, 50, lognormal(100, 50, 1.0), seed) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(same[0].arrival, same[1].arrival)
    np.testing.assert_array_equal(same[0].output_tokens, same[1].output_tokens)
    assert not np.array_equal(same[0].arrival, same[2].arrival)


@pytest.mark.parametrize(("lengths", "spread"), [(geometric(200, 100), 1.0), (lognormal(200, 100, 2.0), 2.0)])
def test_lengths_have_their_mean_and_variation(lengths, spread):
    trace = Trace.poisson(1.0, 60_000, lengths)
    assert trace.input_tokens.mean() == pytest.approx(200, rel=0.05)
    assert trace.output_tokens.mean() == pytest.approx(100, rel=0.05)
    assert cv(trace.output_tokens) == pytest.approx(spread, rel=0.1)


def test_users_of_a_closed_trace_wait_for_their_own_answer():
    trace = Trace.closed(3, 10.0, 4, fixed(5, 5))
    assert trace.after.tolist() == [-1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_a_recorded_file_is_read_with_seven_digits_of_a_second():
    rows = b"2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:16:00.9951690,396,109\n"
    trace = Trace.from_csv(b"\xef\xbb\xbf" + HEADER + rows)
    np.testing.assert_allclose(trace.arrival, [0, 14.314579], atol=1e-6)
    assert trace.output_tokens.tolist() == [44, 109]


@pytest.mark.parametrize(("data", "said"), [
    (b"a,b\n1,2\n", "missing: ContextTokens, GeneratedTokens, TIMESTAMP"),
    (HEADER, "no rows"),
    (HEADER + b"2023-11-16 18:15:46,3,x\n", "line 2 of the trace"),
    (HEADER + b"yesterday,3,4\n", "line 2 of the trace"),
    (HEADER + b"2023-11-16 18:15:46,3\n", "line 2 of the trace"),
    (HEADER + b"2023-11-16 18:15:46,3,0\n", "output_tokens must hold whole numbers of at least 1, not 0"),
    (HEADER + b"2023-11-16 18:15:46,3,1\n2023-11-16 18:15:45,3,1\n", "arrival must"),
])  # fmt: skip
def test_a_file_that_is_no_trace_is_refused_with_its_line(data, said):
    with pytest.raises(ValueError, match=said):
        Trace.from_csv(data)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: Trace.poisson(-1, 5, (1, 1)), "rate must be greater than 0 and finite, not -1"),
    (lambda: Trace.poisson(math.nan, 5, (1, 1)), "rate .* not nan"),
    (lambda: Trace.poisson(1, 0, (1, 1)), "n must be at least 1, not 0"),
    (lambda: Trace.gamma(1, -2, 5, (1, 1)), "cv must be at least 0 and finite, not -2"),
    (lambda: Trace.closed(0, 1.0, 5, (1, 1)), "users must be at least 1, not 0"),
    (lambda: Trace.closed(2, math.inf, 5, (1, 1)), "think_time .* not inf"),
    (lambda: Trace.poisson(1, 5, (0, 1)), "input_tokens must hold whole numbers of at least 1, not 0"),
    (lambda: Trace([2.0, 1.0], [1, 1], [1, 1]), "arrival must not decrease: 1 s comes after 2 s"),
    (lambda: Trace([-1.0], [1], [1]), "arrival must hold finite times of at least 0, not -1"),
    (lambda: Trace([math.nan], [1], [1]), "arrival .* not nan"),
    (lambda: Trace([], [], []), r"a time for each request, not an array of shape \(0,\)"),
    (lambda: Trace([0.0], [1.5], [1]), "input_tokens must hold whole numbers of at least 1, not 1.5"),
    (lambda: Trace([0.0, 1.0], [1], [1, 1]), "input_tokens must have one number per request, 2"),
    (lambda: Trace([0.0], [1], [1], [0]), "after must name an earlier request"),
    (lambda: Trace.like_azure("chat"), "conv, code, not 'chat'"),
])  # fmt: skip
def test_bad_input_names_the_field_and_the_value(call, said):
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(("kind", "requests"), [("conv", 19_366), ("code", 8_819)])
def test_a_twin_has_the_marginals_of_the_recorded_hour(kind, requests):
    """Against the published file where it is at hand, and against what was noted from it."""
    twin = Trace.like_azure(kind, seed=7)
    noted = {
        "conv": (1154.7, 1020, 4142, 211.1, 129, 601, 1.094),
        "code": (2047.8, 1469, 7436, 27.9, 13, 251.5, 13.15),
    }
    expected = noted[kind]
    path = RECORDED / f"AzureLLMInferenceTrace_{kind}.csv"
    if path.exists():
        recorded = Trace.from_csv(path)
        assert len(recorded) == requests
        sides = (recorded.input_tokens, recorded.output_tokens)
        measured = [f(side) for side in sides for f in (np.mean, np.median, lambda x: np.percentile(x, 99))]
        np.testing.assert_allclose([*measured, cv(np.diff(recorded.arrival))], expected, rtol=5e-3)
        np.testing.assert_allclose(twin.arrival[-1], recorded.arrival[-1], rtol=0.02)
    assert len(twin) == requests
    sides = (twin.input_tokens, twin.output_tokens)
    found = [f(side) for side in sides for f in (np.mean, np.median, lambda x: np.percentile(x, 99))]
    np.testing.assert_allclose(found, expected[:-1], rtol=0.03)
    assert cv(np.diff(twin.arrival)) == pytest.approx(expected[-1], rel=0.1)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_recorded_trace_is_the_same_in_every_time_zone(zone, monkeypatch):
    """Berlin's clocks went from 3 back to 2 in that hour."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        rows = b"2023-10-29 02:59:59,1,1\n2023-10-29 03:00:01,1,1\n"
        assert Trace.from_csv(HEADER + rows).arrival.tolist() == [0, 2]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("first", "second", "seconds"), [
    ("2023-11-16 18:15:46.0000000", "2023-11-16 18:15:46.0000001", 1e-7),
    ("2023-11-16 18:15:46.6805901", "2023-11-16 18:15:50.9951698", 4.3145797),
    ("2023-11-16T18:15:46Z", "2023-11-16T19:15:47+01:00", 1.0),
    ("2023-11-16 18:15:46+0100", "2023-11-16 17:15:46.5", 0.5),
    ("2024-05-10 00:00:00.009930+00:00", "2024-05-10 00:00:00.010930+00:00", 1e-3),
    ("2023-11-16 18:15", "2023-11-16 18:16:00.123456789", 60.123456789),
])  # fmt: skip
def test_moments_are_read_to_the_last_digit_and_with_their_offset(first, second, seconds):
    trace = Trace.from_csv(HEADER + f"{first},1,1\n{second},1,1\n".encode())
    assert trace.arrival.tolist() == [0, seconds]


@pytest.mark.parametrize("data", [
    b"\xef\xbb\xbfTIMESTAMP;ContextTokens;GeneratedTokens\r\n2023-11-16 18:15:46;374;44\r\n",
    b'[{"TIMESTAMP": "2023-11-16 18:15:46", "ContextTokens": 374, "GeneratedTokens": 44}]',
    "TIMESTAMP\tContextTokens\tGeneratedTokens\n2023-11-16 18:15:46\t374\t44\n".encode("utf-16"),
])  # fmt: skip
def test_a_recorded_trace_is_read_as_spreadsheets_write_it(data):
    trace = Trace.from_csv(data)
    assert (trace.input_tokens.tolist(), trace.output_tokens.tolist()) == ([374], [44])


@pytest.mark.parametrize("policy", [Continuous(8), Greedy(8)], ids=str)
def test_a_trace_that_begins_later_gives_the_same_throughput_utilization_and_makespan(policy):
    trace = Trace.poisson(2.0, 100, (50, 20), seed=3)
    shifted = Trace(trace.arrival + 2.0**17, trace.input_tokens, trace.output_tokens)
    cost = StepCost(2.0**-7, 2.0**-12)
    first, later = (simulate(one, policy, cost) for one in (trace, shifted))
    for figure in ("throughput", "utilization", "makespan"):
        assert getattr(later, figure) == pytest.approx(getattr(first, figure), rel=1e-6)
    assert first.makespan == first.finished.max() - first.queued.min()
    later.check()
