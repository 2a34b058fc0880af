"""The notebooks for practice run as they are given out, say what is missing, and hold right solutions."""

import os
import re
from dataclasses import fields

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import regions
from course_lib import cuda
from course_lib.cuda.task_view import View
from tests.notebooks import runner
from tests.notebooks.runner import cells

LADDER, PLAYGROUND = (
    runner.ROOT / "notebooks" / name / f"{name}.ipynb" for name in ("cuda_ladder", "playground")
)
# The kernels that a student writes or mends -> what the check says before that, in these words.
RUNGS = {
    "add-ten": r"out\[0\] should be 10, is nan",
    "add-ten-to-all": r"out of bounds in line 4",
    "sum-of-block": r"race in line 8",
}
each = pytest.mark.parametrize("path", runner.UNGRADED, ids=runner.name)
needs_compiler = pytest.mark.needs("compiler")


def solution(rung: str) -> str:
    """The kernel in the folded answer, as a student would copy it into the cell."""
    answer = next(cell.source for cell in cells(LADDER) if cell.id == f"{rung}-answer")
    (kernel,) = re.findall(r"```cpp\n(.+?)```", answer, re.DOTALL)
    return f"%%cuda {rung.replace('-', '_')}\n{kernel}"


def checked(rung: str, kernel: str | None = None) -> View:
    """What the check of a rung says of `kernel`, by default of the one that students are given."""
    sources = {cell.id: cell.source for cell in cells(LADDER)}
    with runner.shell() as here:
        for source in (sources["setup"], kernel or sources[rung], sources[f"{rung}-check"]):
            ran = here.run_cell(source)
            ran.raise_error()
        return ran.result


def test_the_ladder_and_the_playground_are_the_notebooks_for_practice():
    assert runner.UNGRADED == [LADDER, PLAYGROUND]


@each
def test_the_first_cell_has_a_title_and_says_that_nothing_is_graded(path):
    title = cells(path)[0].source
    assert title.startswith("# ")
    assert re.search(r"\d\d minutes.*, not graded", title)


@each
@needs_compiler
def test_it_runs_as_it_is_given_out_and_shows_every_effect(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "COURSE_EFFECTS": str(tmp_path / "effects")})
    assert len(list((tmp_path / "effects").glob("*.json"))) == runner.effects(path) > 0
    assert [cell.id for cell in notebook.cells if cell.cell_type == "code" and not cell.outputs] == []


@needs_compiler
@pytest.mark.parametrize(("rung", "said"), RUNGS.items())
def test_a_kernel_that_is_not_done_yet_is_answered_with_what_is_wrong(rung, said):
    view = checked(rung)
    assert not view.ok
    assert re.search(said, str(view))


@needs_compiler
@pytest.mark.parametrize("rung", RUNGS)
def test_the_folded_solution_is_right(rung):
    view = checked(rung, solution(rung))
    assert view.ok, str(view)


@needs_compiler
def test_a_barrier_inside_the_if_is_named():
    kernel = solution("sum-of-block").replace("    __syncthreads();\n    }", "}")
    inside = kernel.replace("part[t] += part[t + half];", "{ part[t] += part[t + half]; __syncthreads(); }")
    assert inside.count("__syncthreads()") == kernel.count("__syncthreads()") + 1
    assert "barrier" in str(checked("sum-of-block", inside))


@pytest.mark.needs("nvrtc")
@each
def test_every_kernel_is_one_that_a_gpu_takes(path):
    from course_lib.cuda import nvrtc

    sources = [cell.source for cell in cells(path) if regions.is_cuda(cell.source)]
    sources += map(solution, RUNGS if path == LADDER else ())
    assert len(sources) >= 3
    for source in sources:
        nvrtc.check(source.split("\n", 1)[1], optimized=False)


def test_what_can_be_asked_of_a_report_is_there():
    table = next(cell.source for cell in cells(PLAYGROUND) if cell.id == "asking")
    of_report, of_cuda = set(re.findall(r"report\.(\w+)", table)), set(re.findall(r"cuda\.(\w+)", table))
    assert len(of_report) >= 8
    assert of_report <= {field.name for field in fields(cuda.Report)} | set(dir(cuda.Report))
    assert {"compare", "show", "assert_traffic"} <= of_cuda <= set(cuda.__all__)
