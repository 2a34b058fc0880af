"""A locked adapter cell turns a student's class into plain functions, which the tests then call."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.engine import Assignment, Times, grade_submission
from course_lib.commands.check import check_notebook
from tests.autograder.small_course import marked

ANOTHER = "q00_stack_adapter is not the released one, which was run in its place"
TIMES = Times(cell=5, call=3, test=20)
STACK = """\
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop()"""
STUB = "class Stack:\n    pass"
QUEUE = STACK.replace("self.items.pop()", "self.items.pop(0)")
ADAPTER = """\
def run_stack(operations):
    stack = Stack()
    return [stack.push(value) if name == "push" else stack.pop() for name, value in operations]"""
TEST = """\
assert run_stack([("push", 1), ("push", 2), ("pop", None)]) == [None, None, 2], "last in, first out"
1.0"""
HIDDEN = """\
### BEGIN HIDDEN TESTS
# canary-q00-ad3f7701
try:
    run_stack([("pop", None)])
    wrong = True
except IndexError:
    wrong = False
assert not wrong, "an empty stack"
2.0
### END HIDDEN TESTS"""
BONUS = ADAPTER + "\nrun_stack = lambda operations: [None, None, 2]"


def notebook(solution: str, adapter: str | None = ADAPTER, hidden: str = HIDDEN):
    cells = [marked(new_code_cell(solution), "q00_stack", solution=True)]
    if adapter is not None:
        tagged = marked(new_code_cell(adapter), "q00_stack_adapter")
        tagged.metadata["tags"] = ["adapter"]
        cells.append(tagged)
    cells += [
        marked(new_code_cell(TEST), "q00_stack_test", grade=True, points=1),
        marked(new_code_cell(hidden), "q00_stack_hidden", grade=True, points=2),
    ]
    return new_notebook(cells=cells)


@pytest.fixture(scope="module")
def stack() -> Assignment:
    return Assignment.from_source(nbformat.writes(notebook(STACK)).encode())


def points(submitted, assignment: Assignment) -> tuple:
    result = grade_submission(nbformat.writes(submitted).encode(), assignment, times=TIMES)
    return result.points["q00_stack_test"], result.points["q00_stack_hidden"], result.flags


def test_the_names_of_an_adapter_belong_to_the_students_process(stack):
    assert "run_stack" in stack.names


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        (notebook(STACK), (1, 2, [])),
        (notebook(QUEUE), (0, 2, [])),
        (notebook(STUB), (0, 0, [])),
        (
            notebook(STACK, BONUS),
            (1, 2, [ANOTHER]),
        ),
        (
            notebook(QUEUE, BONUS),
            (0, 2, [ANOTHER]),
        ),
        (notebook(STACK, None), (1, 2, ["q00_stack_adapter was deleted"])),
    ],
    ids=["right", "wrong", "not written", "adapter edited", "adapter forged", "adapter deleted"],
)
def test_the_class_is_marked_through_the_instructors_adapter(stack, submitted, expected):
    assert points(submitted, stack) == expected


@pytest.mark.needs("sandbox")
def test_a_method_that_ends_its_process_costs_its_own_tests_only(stack):
    deadly = STACK.replace("return self.items.pop()", "import os; os._exit(0)")
    assert points(notebook(deadly), stack)[:2] == (0, 0)


def test_the_students_own_check_goes_through_the_adapter_too(tmp_path):
    released, mine = tmp_path / "released.ipynb", tmp_path / "mine.ipynb"
    hidden = "# Hidden tests run here when your work is graded."
    nbformat.write(notebook(STUB, hidden=hidden), released)
    for solution, passed in ((STACK, True), (QUEUE, False)):
        nbformat.write(notebook(solution, hidden=hidden), mine)
        ((verdict,), _) = check_notebook(mine, released)
        assert verdict.passed is passed
