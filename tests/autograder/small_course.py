"""A small course for tests: Python and CUDA cells, 7 points by tests and 3 by hand."""

import copy
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import Course

CANARIES = ["canary-q00-5f0c2a91", "canary-q00-77e1b3d4"]
CONFIG = (Path(__file__).resolve().parents[2] / "nbgrader_config.py").read_text("utf-8")

SETUP = """\
from IPython.core.magic import register_cell_magic

@register_cell_magic
def cuda(name, source):
    get_ipython().user_ns[name.strip()] = source"""
DOUBLE = """\
def double(values):
    ### BEGIN SOLUTION Q0.1: double
    doubled = [value + value for value in values]
    print("doubling", len(values), "values")
    return doubled
    ### END SOLUTION"""
DOUBLE_TEST = """\
earned = 0.0
assert double([]) is not None, "double([]) should be a list"
earned += 0.5 if double([1, 2]) == [2, 4] else 0.0
earned += 0.5 if double([0.5]) == [1.0] else 0.0
print(f"double: {earned} of 1 points")
earned"""
DOUBLE_HIDDEN = f"""\
### BEGIN HIDDEN TESTS
# {CANARIES[0]}
secret_values_of_the_test = [3, -4, 2**40]
assert double(secret_values_of_the_test) == [6, -8, 2**41], "negative and large values: secret message"
2.0 * (double("ab") == ["aa", "bb"])
### END HIDDEN TESTS"""
KERNEL = """\
%%cuda scale_source
__global__ void scale(float *x, float s) {
    // ### BEGIN SOLUTION Q0.2: scale
    int my_index_in_the_grid = blockIdx.x * blockDim.x + threadIdx.x;
    x[my_index_in_the_grid] *= s;
    // ### END SOLUTION
}"""
KERNEL_HIDDEN = f"""\
### BEGIN HIDDEN TESTS
# {CANARIES[1]}
assert "threadIdx.x" in scale_source, "the kernel does not know its thread"
4.0
### END HIDDEN TESTS"""
ANSWER = "A model answer that says why doubling is safe in floating point and what to do when it overflows."
SCHEME = """\
=== BEGIN MARK SCHEME ===
One point for exactness of powers of two; two points for overflow and its remedy.
=== END MARK SCHEME ==="""


def marked(cell, name: str, *, grade=False, solution=False, points=None):
    """`cell` with nbgrader's metadata; a cell that is no solution is locked."""
    cell.id = name.replace("_", "-")
    marks = {"grade_id": name, "grade": grade, "solution": solution, "task": False}
    marks |= {"locked": not solution, "schema_version": 3}
    cell.metadata["nbgrader"] = marks | ({} if points is None else {"points": points})
    return cell


def source_notebook():
    """The instructor's notebook: 7 points by tests, 3 by a written answer."""
    cells = [
        new_markdown_cell("# Doubling", id="title"),
        marked(new_code_cell(SETUP), "q00_setup"),
        marked(new_code_cell(DOUBLE), "q00_double", solution=True),
        marked(new_code_cell(DOUBLE_TEST), "q00_double_test", grade=True, points=1),
        marked(new_code_cell(DOUBLE_HIDDEN), "q00_double_hidden", grade=True, points=2),
        marked(new_code_cell(KERNEL), "q00_scale", solution=True),
        marked(new_code_cell(KERNEL_HIDDEN), "q00_scale_hidden", grade=True, points=4),
        marked(new_markdown_cell(ANSWER), "q00_explain", grade=True, solution=True, points=3),
        marked(new_markdown_cell(SCHEME), "q00_explain_scheme"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(root: Path, gradebook: Path, notebook=None) -> Course:
    """A course folder in `root` with the assignment q00_doubling and a copy of the file `gradebook`."""
    path = root / "notebooks" / "q00_doubling" / "doubling.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook or source_notebook(), path)
    (root / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    shutil.copy(gradebook, root / "gradebook.db")
    return Course(root)


def cell_named(notebook, name: str):
    """The cell with this grade_id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def solved(starter, **sources: str):
    """A copy of the student's version with the reference solutions, or `sources` by grade_id, filled in."""
    notebook = copy.deepcopy(starter)
    for name, source in {"q00_double": DOUBLE, "q00_scale": KERNEL, **sources}.items():
        cell_named(notebook, name).source = source
    return notebook


def hand_in(course: Course, student: str, notebook) -> None:
    """Put a submission where collect puts it; `notebook` is a notebook, or bytes that need not be one."""
    folder = course.root / "submitted" / student / "q00_doubling"
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    (folder / "doubling.ipynb").write_bytes(data)
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC\n")


def points_by_cell(course: Course, student: str) -> dict[str, float | None]:
    """grade_id -> automatic points."""
    with course.gradebook() as gradebook:
        notebook = gradebook.find_submission_notebook("doubling", "q00_doubling", student)
        return {grade.name: grade.auto_score for grade in notebook.grades}
