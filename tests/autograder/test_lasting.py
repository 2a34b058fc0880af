"""Kernels in a process that lasts, in a notebook that is graded: in its cells, in copies of it, in tests."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.engine import Assignment, Times, grade_submission
from tests.autograder.small_course import marked

pytestmark = pytest.mark.needs("sandbox", "compiler")
SETUP = "import numpy as np\nfrom course_lib import cuda"
SOLUTION = """\
### BEGIN SOLUTION Q0.1: train
source = 'extern "C" __global__ void add(float* x, float a) { x[threadIdx.x] += a; }'
module = cuda.compile(source, lasting=True)
weights = module.array(np.zeros(64, np.float32))


def train(steps):
    for _ in range(steps):
        module["add"](1, 64, (weights, 1))
    return weights.tolist()
### END SOLUTION"""
LATER = """\
import os, signal
from course_lib.cuda import lasting

train(100)
os.kill(lasting._service._child.pid, signal.SIGKILL)
try:
    train(1)
except cuda.KernelError as error:
    print(error, weights[0])"""
FIRST = "1.0 * (train(3) == [103] * 64)"
SECOND = """\
mine = cuda.compile(source, lasting=True)
x, y = mine.array(np.ones(64, np.float32)), mine.empty(64)
y[:] = 5
mine["add"](1, 64, (x, 2))
mine["add"](1, 64, (y[32:], 2))
assert (x == 3).all() and (y[:32] == 5).all()
1.0 * (train(1) == [201] * 64)"""
TIMES = Times(cell=20, call=20, test=60)


def test_a_notebook_that_trains_on_lasting_kernels_is_graded_like_any_other():
    """What a test does to weights that lie in shared memory, neither the notebook nor another test sees."""
    cells = [
        marked(new_code_cell(SETUP), "q00_setup"),
        marked(new_code_cell(SOLUTION), "q00_train", solution=True),
        new_code_cell("trained = train(100)", id="first"),
        marked(new_code_cell(FIRST), "q00_first", grade=True, points=1),
        new_code_cell(LATER, id="second"),
        marked(new_code_cell(SECOND), "q00_second", grade=True, points=1),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.writes(new_notebook(cells=cells, metadata={"kernelspec": kernel})).encode()
    result = grade_submission(notebook, Assignment.from_source(notebook), times=TIMES)
    assert "kernel add was ended by signal 9 200.0" in result.executed.decode()
    assert result.points == {"q00_first": 1, "q00_second": 1}
    assert not result.flags
