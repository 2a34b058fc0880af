"""Training steps beside torch's: both learn the same, or nothing is measured; the page has every record."""

import pytest

from benchmarks import autodiff, gpt, training_steps


@pytest.mark.parametrize(("steps", "size"), [(autodiff.steps, (2, 3, 8)), (gpt.steps, (16, 2, 2, 24))])
def test_both_networks_learn_the_same(steps, size):
    step, torch_step = steps(*size)
    losses, expected = zip(*((step(), torch_step()) for _ in range(4)), strict=True)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert losses[-1] < losses[0]


def test_what_does_not_learn_the_same_is_not_measured():
    with pytest.raises(RuntimeError, match="do not learn the same"):
        training_steps.measure(lambda: 1.0, lambda: 1.001)


def test_both_are_measured_as_often_and_in_turns(monkeypatch):
    calls = []
    monkeypatch.setattr(training_steps, "TURNS", 5)
    steps = [lambda name=name: calls.append(name) or 1.0 for name in ("ours", "torch")]
    found = training_steps.measure(*steps)
    assert calls == ["ours", "torch"] * 8
    assert found["ratio"] == pytest.approx(found["ours_ms"] / found["torch_ms"])


def test_the_page_is_what_the_records_say():
    assert training_steps.PAGE.read_text("utf-8") == training_steps.page(training_steps.records())


def test_each_machine_has_a_table_under_its_network():
    here = {"processor": "Some processor", "versions": {"course-lib": "1", "numpy": "2", "torch": "3"}}
    found = {"ours_ms": 3.0, "torch_ms": 2.0, "ratio": 1.5}
    record = {"machine": here, "load_average": 0.5, "shapes": {"lab": (64, 4)}, "steps": {"lab": found}}
    lines = training_steps.page([("gpt", record), ("gpt", record)]).splitlines()
    assert lines.count("## `gpt`") == 1
    assert lines.count("Some processor, course-lib 1, numpy 2, torch 3, load average 0.5 before:") == 2
    assert lines.count("| lab | 64 × 4 | 3.00 | 2.00 | 1.50 |") == 2
