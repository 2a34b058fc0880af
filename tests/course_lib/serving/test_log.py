"""A step's cost is found again in a log of requests, and a log that makes no sense is refused."""

import json
from dataclasses import astuple, replace

import numpy as np
import pytest

from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, Memory, Static, StepCost, Timeout, Trace, simulate
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


LIMITED = {
    "reserve": (Continuous(64), Memory(room=1600)),
    "reserve in blocks, chunks": (Continuous(64, 64), Memory(room=1600, block=16)),
    "reserve the longest": (Continuous(64), Memory(room=9000, reserve=1500)),
    "grow": (Continuous(64), Memory(room=1600, block=16, grow=True)),
    "grow, chunks": (Continuous(64, 64), Memory(room=1600, block=16, grow=True)),
    "swap": (Continuous(64, None, "swap"), Memory(room=1600, block=16, grow=True, swap_rate=1e5)),
    "swap, chunks": (Continuous(64, 128, "swap"), Memory(room=1600, grow=True, swap_rate=1e4)),
    "window, chunks": (Continuous(64, 64), Memory(room=1600, block=16, grow=True, window=300)),
    "no limit, chunks": (Continuous(16, 64), Memory()),
}


def limited(name, rate, cost=COST, seed=1):
    policy, memory = LIMITED[name]
    trace = Trace.poisson(rate, 300, lognormal(200, 80, 0.7), seed=seed)
    return simulate(trace, policy, cost, memory), policy, memory


@pytest.mark.parametrize("name", LIMITED)
@pytest.mark.parametrize("rate", [1.0, 3.0, 10.0])
def test_of_an_engine_whose_memory_is_limited_the_last_200_of_300_requests_are_predicted_from_the_first_100(
    name, rate
):
    result, policy, memory = limited(name, rate)
    found = fit(RequestLog.of(result), policy, memory=memory, known=100)
    assert found.held_back == 200
    assert found.error < 0.03
    assert found.cost.s0 > 0
    assert found.doubt == ""


def test_these_engines_are_limited_by_their_memory():
    """Else the test above would say nothing: without the memory, the fit is far off."""
    for name in ("reserve", "grow", "swap"):
        result, policy, memory = limited(name, 10.0)
        assert (result.preemptions > 50) == memory.grow
        assert result.peak > 0.9 * memory.room
        assert fit(RequestLog.of(result), policy, known=100).error > 0.2


@pytest.mark.parametrize("name", ["grow", "reserve", "swap, chunks"])
def test_a_log_from_outside_of_a_limited_engine_is_predicted_as_well(name):
    result, policy, memory = limited(name, 3.0)
    log = RequestLog.of(result)
    late = stream("late").uniform(0.0, 1e-3, (2, len(log)))
    first = log.first_token + late[0]
    log = replace(log, first_token=first, last_token=np.maximum(first, log.last_token + late[1]))
    assert fit(log, policy, memory=memory, known=100).error < 0.03


def test_what_known_requests_do_after_an_unknown_one_has_spoken_counts():
    """All twelve known requests begin at once, and an unknown one speaks before any of them has ended."""
    arrival = np.concatenate([np.arange(12) * 1e-3, np.arange(48) * 0.2])
    random = stream("after")
    lengths = random.integers(20, 300, 60), random.integers(40, 200, 60)
    result = simulate(Trace(np.sort(arrival), *lengths), Continuous(16), COST)
    log = RequestLog.of(result)
    assert log.first_token[12:].min() < log.last_token[:12].min()
    assert fit(log, Continuous(16), known=12).error < 0.03


def test_a_log_that_does_not_show_a_steps_fixed_time_is_told_so():
    cost = StepCost(0.0, s1=8e-3, p1=1e-5)
    result = simulate(Trace.poisson(2.0, 200, lognormal(60, 20, 1.0), seed=3), Continuous(16), cost)
    with pytest.warns(UserWarning, match="s0 came out as 0"):
        found = fit(RequestLog.of(result), Continuous(16))
    assert "s0" in found.doubt


@pytest.mark.parametrize("known", [0, 400, -3])
def test_known_must_leave_something_to_predict(known):
    with pytest.raises(ValueError, match=f"known must be from 1 to 399 of 400 requests, not {known}"):
        fit(logged(Continuous(16), 1.0), known=known)


FIELDS = ("queued", "first_token", "last_token", "input_tokens", "output_tokens")
ROWS = [(0.0, 0.25, 1.5, 5, 3), (0.5, 0.75, 2.5, 7, 9)]


def table(separator=",", end="\n", comma=False):
    lines = [separator.join(FIELDS), *(separator.join(map(str, row)) for row in ROWS)]
    if comma:
        lines[1:] = [line.replace(".", ",") for line in lines[1:]]
    return end.join(lines) + end


OBJECTS = [dict(zip(FIELDS, row, strict=True)) for row in ROWS]
WRITTEN = {
    "a list of objects": json.dumps(OBJECTS),
    "a list, indented, with a mark and CRLF": "\ufeff" + json.dumps(OBJECTS, indent=2).replace("\n", "\r\n"),
    "an object with a list": json.dumps({"model": "m", "requests": OBJECTS}),
    "an object with a list a column": json.dumps({n: [o[n] for o in OBJECTS] for n in FIELDS} | {"m": 1}),
    "lines of JSON with CRLF, a mark and blank lines": "\ufeff"
    + "\r\n\r\n".join(map(json.dumps, OBJECTS)) + "\r\n",
    "numbers as text": json.dumps([{name: str(value) for name, value in o.items()} for o in OBJECTS]),
    "CSV": table(),
    "CSV with a mark and CRLF": "\ufeff" + table(end="\r\n"),
    "CSV of an old Mac": table(end="\r"),
    "semicolons": table(";"),
    "semicolons and decimal commas": table(";", "\r\n", comma=True),
    "Excel's first line": "sep=;\r\n" + table(";", "\r\n"),
    "tabs": table("\t"),
    "blanks around names, quotes, an empty line": table(", ").replace("queued", '"queued"') + "\n\n",
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_log_is_read_as_engines_and_spreadsheets_write_it(written, encoding):
    text = WRITTEN[written]
    data = text.removeprefix("\ufeff").encode(encoding) if encoding == "utf-16" else text.encode()
    np.testing.assert_array_equal(np.stack(astuple(RequestLog.read(data))).T, ROWS)


def test_a_column_in_windows_letters_is_no_hindrance():
    data = table().replace("output_tokens", "output_tokens,Schlüssel").encode("cp1252")
    assert len(RequestLog.read(data)) == 2


@pytest.mark.parametrize(("data", "said"), [
    (b"[1, 2]", "entry 0 of the log must be an object, not '1'"),
    (b"[", "the log is no JSON"),
    (b"[]", "the log has no requests"),
    (b'[{"queued": null, "first_token": 1, "last_token": 2, "input_tokens": 1, "output_tokens": 1}]',
     "entry 0 of the log: queued must be a number, not None"),
    (b"queued;first_token\n0;1\n", "line 2 of the log lacks last_token"),
    (b"sep=,\nqueued,first_token,last_token,input_tokens,output_tokens\n0,1,2,1,1.5\n", "output_tokens=1.5"),
    (b'{"queued": [0, 1], "first_token": [1]}', "entry 0 of the log lacks last_token"),
])  # fmt: skip
def test_a_log_in_another_shape_names_the_place(data, said):
    with pytest.raises(ValueError, match=said):
        RequestLog.read(data)
