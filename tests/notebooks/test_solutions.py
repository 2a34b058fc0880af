"""All points for the reference, none for the starter, fewer than all for each mistake."""

import functools

import pytest

from autograder import regions
from autograder.preprocessors.clear_solutions import ClearSolutions
from tests import launches
from tests.notebooks import runner
from tests.notebooks.runner import cells, grade_id, is_task, is_test, options, points

pytestmark = pytest.mark.needs("compiler")
AS_GRADED = {"NBGRADER_EXECUTION": "autograde"}
# What launches kernels that do nothing yet takes long, and waits for a whole run.
STARTERS = [
    pytest.param(
        path,
        id=runner.name(path),
        marks=pytest.mark.slow if any(regions.is_cuda(cell.source) for cell in cells(path)) else (),
    )
    for path in runner.NOTEBOOKS
]
MISTAKES = [
    pytest.param(
        path,
        grade_id(cell),
        mutant,
        id=f"{runner.prefix(path)}-{mutant.stem}",
        # One a task that needs no compiler is tried always.
        marks=pytest.mark.slow if number or mutant.suffix == ".cu" else (),
    )
    for path in runner.NOTEBOOKS
    for cell in filter(is_task, cells(path))
    for number, mutant in enumerate(runner.mutants(path, grade_id(cell)))
]


@pytest.fixture(autouse=True)
def _as_while_grading(monkeypatch, tmp_path):
    """Demos stand still, and library answers refuse to stand in for a student's."""
    for name, value in AS_GRADED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@functools.cache
def possible(path, task) -> dict[str, float]:
    """grade_id -> the points that each test of a task can give."""
    tests = [cell for cell in cells(path) if is_test(cell) and runner.task_of(cell) == task]
    return {grade_id(cell): options(cell)["points"] for cell in tests}


@pytest.mark.parametrize("task", runner.tasks())
def test_reference_earns_every_point(task, rehearsals):
    path = runner.tasks()[task]
    said = rehearsals(path, task).own(task)
    assert said == possible(path, task)
    assert len(said) == 2


@pytest.mark.parametrize("path", STARTERS)
def test_starter_earns_nothing_and_names_each_missing_task(path):
    starter = cells(path)
    labels = {}
    for cell in filter(is_task, starter):
        labels[grade_id(cell)] = [r.label for r in regions.find(cell.source, regions.SOLUTION)]
        ClearSolutions().preprocess_cell(cell, {"language": "python"}, 0)
    with launches.as_forks():
        said = runner.run(starter)
    assert [points(value) for value in said.values()] == [0.0] * len(said)
    for cell in filter(is_test, starter):
        value, task = said[grade_id(cell)], runner.task_of(cell)
        kernel = next(regions.is_cuda(c.source) for c in starter if grade_id(c) == task)
        assert value == 0.0 if kernel else isinstance(value, NotImplementedError), grade_id(cell)
        assert kernel or str(value) in {label for names in labels.values() for label in names}


@pytest.mark.parametrize(("path", "task", "mutant"), MISTAKES)
def test_mistake_loses_points(path, task, mutant, rehearsals, tmp_path):
    output = tmp_path / "printed"
    try:
        said = rehearsals(path, task).try_out(task, mutant, output)
    finally:
        print(output.read_text("utf-8", errors="replace") if output.exists() else "")
    most = possible(path, task)
    assert [name for name, value in said.items() if points(value) < most[name]]
