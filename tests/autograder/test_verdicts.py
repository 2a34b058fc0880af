"""Points come only from what a test said of itself; text, types and messages of a student's give none."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.engine import Assignment, Times, grade_submission
from tests.autograder.small_course import cell_named, marked

pytestmark = pytest.mark.needs("sandbox")
TIMES = Times(cell=5, call=5, test=20)
SOLVED = "def double(values):\n    return [2 * value for value in values]"
TESTS = {
    # Quotes what came, as instructors' assertions do.
    "quotes": "found = double([1, 2])\nassert found == [2, 4], f'got {found}'",
    # Ends early where an iterator does.
    "loops": "assert all(map(lambda x: double([x]) == [2 * x], range(5)))",
    "counts": "float(double([3]) == [6])",
}


def notebook(solution):
    cells = [marked(new_code_cell(solution), "q00_double", solution=True)]
    cells += [
        marked(new_code_cell(test), f"q00_{name}_test", grade=True, points=2) for name, test in TESTS.items()
    ]
    return new_notebook(cells=cells)


@pytest.fixture(scope="module")
def assignment():
    text = nbformat.writes(notebook(f"### BEGIN SOLUTION Q0.1: double\n{SOLVED}\n### END SOLUTION"))
    return Assignment.from_source(text.encode())


def graded(assignment, solution, *before):
    found = notebook(solution)
    found.cells[:0] = [new_code_cell(source) for source in before]
    return grade_submission(nbformat.writes(found).encode(), assignment, times=TIMES)


def test_the_solution_earns_everything(assignment):
    assert graded(assignment, SOLVED).points == {
        "q00_quotes_test": 2, "q00_loops_test": 2, "q00_counts_test": 1
    }  # fmt: skip


@pytest.mark.parametrize("megabytes", [1, *(pytest.param(many, marks=pytest.mark.slow) for many in (17, 60))])
def test_a_failure_that_is_too_long_to_report_is_a_failure(assignment, megabytes):
    result = graded(assignment, f"def double(values):\n    return 'x' * ({megabytes} << 20)")
    assert result.auto_points == 0
    assert len(result.executed) < 1 << 20


@pytest.mark.parametrize(
    "error", ["StopIteration", "StopAsyncIteration", "type('Mine', (StopIteration,), {})"]
)
def test_an_exception_that_ends_a_loop_does_not_end_the_loop_of_a_test(assignment, error):
    assert graded(assignment, f"def double(values):\n    raise {error}()").auto_points == 0


HALF = "'\\ud800'"


@pytest.mark.parametrize(
    "before",
    [
        f"print({HALF})",
        f"import sys\nprint({HALF}, file=sys.stderr)",
        f"raise ValueError({HALF})",
        f"raise type({HALF}, (ValueError,), {{}})('x')",
        f"{HALF}",
        f"from IPython.display import display\ndisplay({{{HALF}: {HALF}}}, raw=True)",
        f"from IPython.display import HTML\nHTML({HALF})",
    ],
)
def test_half_of_a_surrogate_pair_costs_its_cell_at_most(assignment, before):
    result = graded(assignment, SOLVED, before)
    assert result.auto_points == 5
    nbformat.validate(nbformat.reads(result.executed.decode("utf-8"), as_version=4))


def test_half_of_a_surrogate_pair_as_a_result_costs_its_tests(assignment):
    result = graded(assignment, f"def double(values):\n    return {HALF}")
    assert result.auto_points == 0
    "".join(result.messages.values()).encode()


# Takes the place of what sends a candidate's answers: a candidate that is taken over can say anything.
LIES = """
import gc
from course_lib.examination.wire import Channel
import numpy as np
honest = Channel.send
def lie(self, *message):
    if message[0] == "ran":
        message = {message}
    honest(self, *message)
Channel.send = lie
"""


@pytest.mark.parametrize(
    "message",
    [
        "('ran',)",
        "('ran', np.zeros(3))",
        "('ran', [np.zeros(3)])",
        "('ran', [{'output_type': np.zeros(3)}])",
        "('ran', [{'output_type': 'stream', 'name': np.ones(2), 'text': 'x'}])",
        "('ran', [{'output_type': 'error'}])",
        "('tested', [], ['number', 100.0])",
        "('ran', [[[0] * 3_000_000, [0] * 3_000_000]])",
        "('ran', [{'output_type': 'display_data', 'data': {'text/plain': 'x' * (70 << 20)}}])",
        "(7, 8)",
        "(np.zeros(2), 1)",
    ],
)
def test_a_candidate_that_lies_on_the_wire_loses_its_cell_and_gets_no_point_for_it(assignment, message):
    result = graded(assignment, "double = None", LIES.replace("{message}", message))
    assert result.auto_points == 0
    assert result.flags
    assert cell_named(nbformat.reads(result.executed.decode(), as_version=4), "q00_double")
