"""The assignment that the corpus is handed in for: small, fast to grade, in the workbook's own form.

A Python function of numbers, a function of arrays, a kernel (in a second edition, because compiling takes
longer than all the rest) and a written answer. Two points for the first task, three for the second, two for
the kernel; the written answer's three are a person's to give.
"""

import functools
import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import regions
from course_lib.examination.assignment import HIDDEN_STUB
from tests.autograder.small_course import marked

CANARIES = ("canary-q00-3d9ab1c4", "canary-q00-e07f5528", "canary-q00-91c6aa0d")
INPUTS = ("7193.40", "8651.2", "4407.5")  # of hidden tests, as short as they would be recognized in print
WORDS = ("one very large score", "far more threads")  # that hidden tests say of a failed case
SECRETS = (*CANARIES, *INPUTS, *WORDS)

SETUP = """\
import math

import numpy as np
import torch

from course_lib import cuda, seeds
from course_lib.notebook.marking import Case, mark

%load_ext course_lib.cuda"""
MEAN_SQUARE = """\
def mean_square(values):
    \"\"\"The mean (float) of the squares of `values` (a list of numbers, not empty).\"\"\"
    ### BEGIN SOLUTION Q0.1: mean_square
    return sum(value * value for value in values) / len(values)
    ### END SOLUTION"""
MEAN_SQUARE_TEST = """\
mark("Q0.1", mean_square, [
    Case(([3.0],), 9.0, "a single value"),
    Case(([3.0, 4.0],), 12.5, "two values"),
    Case(([-1, 1, 2, -2],), 2.5, "whole and negative numbers"),
], points=1)"""
MEAN_SQUARE_HIDDEN = f"""\
### BEGIN HIDDEN TESTS
# {CANARIES[0]}
numbers = [7193.40625, -0.5, 64.0]
assert mean_square(numbers) == sum(n * n for n in numbers) / 3 or math.isclose(
    mean_square(numbers), sum(n * n for n in numbers) / 3, rel_tol=1e-6), "values of very different size"
random = seeds.stream("q00", "hidden", "mean_square")
cases = []
for count in (1, 7, 130):
    values = random.normal(size=count).tolist()
    cases.append(Case((values,), sum(v * v for v in values) / count, f"{{count}} random values"))
mark("Q0.1", mean_square, cases, points=1, show_inputs=False)
### END HIDDEN TESTS"""
SOFTMAX = """\
def softmax(scores):
    \"\"\"Weights (rows, n) in float64 of scores (rows, n): positive, each row adds up to 1.

    Raises ValueError unless scores has two dimensions.
    \"\"\"
    ### BEGIN SOLUTION Q0.2: softmax
    if np.ndim(scores) != 2:
        raise ValueError("scores must have two dimensions")
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION"""
SOFTMAX_TEST = """\
def fits(scores):
    def wrong(got):
        found = torch.as_tensor(got).detach()
        expected = torch.softmax(torch.as_tensor(scores), dim=1)
        if found.shape != expected.shape:
            return f"shape {tuple(found.shape)} instead of {tuple(expected.shape)}"
        return "" if torch.allclose(found.double(), expected) else "the weights differ from torch.softmax"
    return wrong


x = np.array([[0.0, 0.0], [1.0, 3.0]])
mark("Q0.2", softmax, [
    Case((x[:1],), fits(x[:1]), "equal scores"),
    Case((x,), fits(x), "two rows"),
    Case((x[0],), ValueError, "scores that are no matrix"),
], points=1)"""
SOFTMAX_HIDDEN = f"""\
### BEGIN HIDDEN TESTS
# {CANARIES[1]}
random = seeds.stream("q00", "hidden", "softmax")
y = random.normal(size=(5, 7))
expected = torch.softmax(torch.as_tensor(y), dim=1)
assert torch.allclose(torch.as_tensor(softmax(y)).double(), expected), "5 random rows"
large = np.array([[8651.25, 8650.25, -1.0]])
cases = [Case((large,), fits(large), "one very large score")]
for shape in ((1, 1), (3, 2), (17, 31)):
    y = random.normal(size=shape)
    cases.append(Case((y,), fits(y), f"{{shape[0]}} random row(s)"))
mark("Q0.2", softmax, cases, points=2, show_inputs=False)
### END HIDDEN TESTS"""
SCALE = """\
%%cuda scale
extern "C" __global__ void scale(float* x, float factor, int n) {
    // ### BEGIN SOLUTION Q0.3: scale
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= factor;
    // ### END SOLUTION
}"""
SCALE_TEST = """\
def run_scale(values, factor, blocks):
    module = cuda.compile(scale)
    x = module.array(np.float32(values))
    module["scale"]((blocks,), (4,), (x, factor, len(values)))
    return module.numpy(x)


mark("Q0.3", run_scale, [
    Case(([1.0, 2.0], 3.0, 1), np.float32([3.0, 6.0]), "two values"),
    Case(([1.0, -2.0, 0.5, 4.0, 8.0], 0.5, 2), np.float32([0.5, -1.0, 0.25, 2.0, 4.0]), "two blocks"),
], points=1)"""
SCALE_HIDDEN = f"""\
### BEGIN HIDDEN TESTS
# {CANARIES[2]}
values = np.float32([4407.5] * 11)
mark("Q0.3", run_scale, [
    Case((values, 2.0, 3), 2 * values, "threads beyond the end"),
    Case((values, -1.0, 40), -values, "far more threads than values"),
], points=1, show_inputs=False)
### END HIDDEN TESTS"""
ANSWER = "A model answer: squares grow faster than values, so the largest value decides."

TASKS = ("mean_square", "softmax", "scale")
FULL = {"mean_square": (1, 1), "softmax": (1, 2), "scale": (1, 1)}
REFERENCE = {"mean_square": MEAN_SQUARE, "softmax": SOFTMAX, "scale": SCALE}
_TESTS = {
    "mean_square": (MEAN_SQUARE_TEST, MEAN_SQUARE_HIDDEN),
    "softmax": (SOFTMAX_TEST, SOFTMAX_HIDDEN),
    "scale": (SCALE_TEST, SCALE_HIDDEN),
}


def tasks(kernel: bool) -> tuple[str, ...]:
    """The tasks of an edition, in order."""
    return TASKS if kernel else TASKS[:2]


def _notebook(kernel: bool, student: bool) -> dict:
    cells = [
        new_markdown_cell("# Squares and weights", id="title"),
        marked(new_code_cell(SETUP), "q00_setup"),
    ]
    for task in tasks(kernel):
        visible, hidden = _TESTS[task]
        points = FULL[task]
        work = stub(task) if student else REFERENCE[task]
        cells += [
            marked(new_code_cell(work), f"q00_{task}", solution=True),
            marked(new_code_cell(visible), f"q00_{task}_test", grade=True, points=points[0]),
            marked(
                new_code_cell(HIDDEN_STUB if student else hidden),
                f"q00_{task}_hidden",
                grade=True,
                points=points[1],
            ),
        ]
    answer = "*Your answer here.*" if student else ANSWER
    cells.append(marked(new_markdown_cell(answer), "q00_explain", grade=True, solution=True, points=3))
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.loads(json.dumps(new_notebook(cells=cells, metadata={"kernelspec": kernelspec})))


def stub(task: str) -> str:
    """What students find in the place of a solution."""
    source = REFERENCE[task]
    found = regions.find(source, regions.SOLUTION)
    if regions.is_cuda(source):
        return regions.replace(source, found, lambda region: f"// {region.label}: your code here")
    return regions.replace(source, found, lambda region: f'raise NotImplementedError("{region.label}")')


@functools.cache
def source(kernel: bool = False) -> bytes:
    """The instructor's notebook, with solutions and hidden tests."""
    return json.dumps(_notebook(kernel, student=False)).encode()


def starter(kernel: bool = False) -> dict:
    """What students get, as the JSON of the file."""
    return _notebook(kernel, student=True)


def cell(notebook: dict, grade_id: str) -> dict:
    """The first cell with this grade_id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
