"""The page of grading's figures: ratios come from pairs that were measured together."""

import pytest

from benchmarks.grading_page import each, ratios, tables


def cost(processor_each, wall_each=1.0):
    return {"processor": 9.0, "wall": 9.0, "processor_each": processor_each, "wall_each": wall_each}


def record(floor, ours, nbgrader=(4.0,)):
    programs = {"floor": floor, "ours": ours, "nbgrader": nbgrader}
    programs = {name: [cost(seconds) for seconds in runs] for name, runs in programs.items()}
    found = {"submissions": 30, "same_scores": True, "load_average": 0.0, "programs": programs}
    return {"machine": {"processor": "some", "cores": 2}, "one_process": found}


def test_a_machine_that_is_slower_for_a_while_changes_no_ratio():
    found = record(floor=(0.1, 0.3, 0.1), ours=(0.2, 0.6, 0.25))
    assert ratios(found["one_process"], "ours", "floor") == pytest.approx([2.0, 2.0, 2.5])
    (line,) = [line for line in tables(found) if "times the floor" in line]
    assert "Ours takes 2.00 times the floor: the median of 3 pairs" in line
    assert "(2.00 to 2.50)" in line
    assert "nbgrader takes 16.0 times ours" in line


def test_where_no_processor_time_is_counted_the_clock_decides_and_the_table_says_so():
    assert each(cost(None, 2.0)) == 2.0
    lines = tables(record(floor=(None,), ours=(None,), nbgrader=(None,)))
    assert "| the floor | 1 | – | 1.00 | 9.0 | 9 |" in lines


def test_each_notebook_that_was_measured_has_a_line():
    costs = {name: cost(3.04) for name in ("q01_one", "lab1_two")}
    found = record((0.1,), (0.2,)) | {"notebooks": {"load_average": 0.0, "costs": costs}}
    lines = tables(found)
    assert "| `q01_one` | 3.0 | 1.0 |" in lines
    assert any(line.startswith("| `lab1_two` |") for line in lines)


def test_what_watch_takes_has_a_line_for_each_class():
    rows = [
        {"submissions": count, "first": 4.0 + count, "median": 1.2, "within_95": 3.4, "longest_queue": 2,
         "processor_each": each, "load_average": 0.5}
        for count, each in ((1, None), (30, 0.41))
    ]  # fmt: skip
    found = record((0.1,), (0.2,)) | {"watch": {"workers": 2, "within": 60.0, "classes": rows}}
    lines = tables(found)
    assert "| 1 | 1.2 | 3.4 | 2 | – | 0.5 |" in lines
    assert "| 30 | 1.2 | 3.4 | 2 | 0.41 | 0.5 |" in lines
    assert lines[-1] == "A submission that waits when watch is started is back after 19.5 s."
