import json
import math
from importlib import metadata

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import cuda
from course_lib.notebook import busy
from course_lib.notebook.effects import (
    EffectNotSeen,
    assert_effect,
    count_words,
    report_effect,
)


@pytest.fixture(autouse=True)
def records(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_EFFECTS", str(tmp_path / "records"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(cuda, "available", lambda: "host", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "records"


def record(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


@pytest.fixture
def others(monkeypatch):
    """others(cores) makes other programs keep so many of this machine's four cores busy."""
    monkeypatch.setattr(busy, "cores", lambda: 4)

    def keep(number: float) -> None:
        monkeypatch.setattr(busy.Watch, "others", lambda self: number)

    return keep


def test_a_time_that_a_busy_machine_spoilt_is_no_error_and_says_what_to_do(records, others, capsys):
    others(2.6)
    assert_effect("speedup", 1.4, at_least=2, unit="times", timed=True)
    assert record(records, "speedup")["verdict"] == "machine too busy"
    said = capsys.readouterr().out
    assert "other programs kept 2.6 of this machine's 4 cores busy" in said
    assert "run this cell again" in said


def test_on_a_busy_machine_a_time_that_came_out_right_is_seen(records, others):
    others(4)
    assert_effect("speedup", 2.4, at_least=2, unit="times", timed=True)
    assert record(records, "speedup")["verdict"] == "seen"


@pytest.mark.parametrize(("number", "timed"), [(0.9, True), (4, False)])
def test_a_quiet_machine_excuses_nothing_and_a_busy_one_only_times(others, number, timed):
    others(number)
    with pytest.raises(EffectNotSeen):
        assert_effect("speedup", 1.4, at_least=2, timed=timed)


SEEN = [
    (6.05, {"expected": 6.02, "tolerance": 0.1}),
    (6.12, {"expected": 6.02, "tolerance": 0.1000001}),
    (3814, {"expected": 3814}),
    ([0, 108], {"expected": np.array([0, 108])}),
    ("int8", {"expected": "int8"}),
    (np.float32(0.97), {"at_least": 0.95}),
    (torch.tensor(0.25), {"at_most": 0.3}),
    (0.5, {"at_least": 0.5, "at_most": 0.5}),
    (0, {"expected": 0}),
]
NOT_SEEN = [
    (6.2, {"expected": 6.02, "tolerance": 0.1}),
    (3813, {"expected": 3814}),
    ([0, 107], {"expected": [0, 108]}),
    (0.94, {"at_least": 0.95}),
    (0.31, {"at_most": 0.3}),
    (0.6, {"at_least": 0.1, "at_most": 0.5}),
    (0.6, {"expected": 0.6, "tolerance": 0.1, "at_most": 0.5}),
    (math.nan, {"at_least": 0.0}),
    (math.nan, {"expected": 1.0, "tolerance": math.inf}),
    (math.inf, {"at_least": 0.0}),
    (-math.inf, {"at_most": 0.0}),
]


@pytest.mark.parametrize(("measured", "conditions"), SEEN)
def test_an_effect_that_is_there_passes_and_is_recorded(measured, conditions, records, capsys):
    assert_effect("slope", measured, **conditions)
    assert record(records, "slope")["verdict"] == "seen"
    assert "NOT SEEN" not in capsys.readouterr().out


@pytest.mark.parametrize(("measured", "conditions"), NOT_SEEN)
def test_an_effect_that_is_not_there_fails_and_is_recorded_all_the_same(
    measured, conditions, records, capsys
):
    with pytest.raises(EffectNotSeen, match="slope: expected"):
        assert_effect("slope", measured, **conditions)
    assert record(records, "slope")["verdict"] == "NOT SEEN"
    assert "NOT SEEN" in capsys.readouterr().out


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_the_tolerance_is_a_distance(measured, expected, tolerance):
    if abs(measured - expected) <= tolerance:
        assert_effect("distance", measured, expected, tolerance=tolerance)
    else:
        with pytest.raises(EffectNotSeen):
            assert_effect("distance", measured, expected, tolerance=tolerance)


@pytest.mark.parametrize(
    ("timed", "advice"), [(True, "close other programs, then run"), (False, "you need not close them")]
)
def test_the_failure_says_what_was_expected_what_came_and_what_to_do(timed, advice, others):
    others(0)
    with pytest.raises(EffectNotSeen) as failure:
        assert_effect(
            "slope", 5.5, 6.02, tolerance=0.1, unit="dB", note="A bit is worth six decibels.", timed=timed
        )
    said = str(failure.value)
    assert said.startswith("A bit is worth six decibels: expected 6.02 ± 0.1 dB, measured 5.5 dB. ")
    assert advice in said
    assert said.endswith("It costs no points.")


def test_without_a_note_the_name_says_what_is_measured(capsys):
    report_effect("speed", 2.0)
    report_effect("speed", 2.0, note="The int8 product against the fp32 product.")
    first, second = (line for line in capsys.readouterr().out.splitlines() if "reported" in line)
    assert first.startswith("speed ")
    assert second.startswith("The int8 product against the fp32 product. ")


def test_the_record_tells_a_reader_what_ran_where_and_with_which_seed(records):
    assert_effect("slope", np.float64(6.0), 6.02, tolerance=0.1, unit="dB/bit", note="why", seed=3)
    got = record(records, "slope")
    assert (got["name"], got["measured"], got["expected"], got["tolerance"]) == ("slope", 6.0, 6.02, 0.1)
    assert (got["unit"], got["note"], got["seed"]) == ("dB/bit", "why", 3)
    assert got["time"].endswith("+00:00")
    assert got["machine"]["versions"]["torch"] == metadata.version("torch")
    assert got["machine"]["cores"] >= 1


def test_a_report_asserts_nothing_and_takes_any_plain_value(records, capsys):
    report_effect("speed", {"int8": np.float32(2.0), "fp32": (1.0, math.inf)}, unit="ms", seed=1)
    got = record(records, "speed")
    assert got["measured"] == {"int8": 2.0, "fp32": [1.0, "inf"]}
    assert (got["verdict"], got["seed"]) == ("reported", 1)
    assert "reported" in capsys.readouterr().out


def test_a_record_goes_beside_the_notebook_by_default(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_EFFECTS")
    report_effect("speed", 1.0)
    assert record(tmp_path / "effects", "speed")["measured"] == 1.0


def test_nothing_is_written_while_a_notebook_is_graded(tmp_path, monkeypatch, records):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    report_effect("kept", 1.0)
    assert record(records, "kept")
    monkeypatch.delenv("COURSE_EFFECTS")
    report_effect("speed", 1.0)
    assert not (tmp_path / "effects").exists()


@pytest.mark.parametrize("name", ["", "a/b", "../up", ".hidden", "a b"])
def test_a_name_that_would_leave_the_folder_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="file name"):
        report_effect(name, 1.0)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("conditions", [{}, {"tolerance": 0.1}, {"tolerance": 0.1, "at_least": 1.0}])
def test_an_assertion_without_a_condition_is_refused(conditions):
    with pytest.raises(ValueError, match="slope"):
        assert_effect("slope", 1.0, **conditions)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("Accuracy fell to 96.7 %.", 4),
        ("**Eight** bits - per-channel – suffice", 4),
        ("- first\n- second\n\n$2^b$ codes", 4),
        ("größer 量化", 2),
        ("两个字母 96.7 %，低于 8 bits。", 6),
        ("量子化の誤差は4ビットで増える。", 9),
        ("양자화 오차가 커진다", 3),
    ],
)
def test_words_are_counted_as_a_person_would(text, words):
    assert count_words(text) == words
