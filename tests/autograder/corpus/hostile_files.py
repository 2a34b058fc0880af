"""Notebook files whose cells, marks and outputs claim points."""

# ruff: noqa: E501  a case keeps its few lines

import copy

from tests.autograder.corpus.assignment import cell
from tests.autograder.corpus.case import FIRST_LOST, LOST, NOTHING, Case, code, copied, fair

WRONG = "def mean_square(values):\n    return 0.0"
FREE = "100.0"
RESULT = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": FREE}}
TESTS = [f"q00_{task}_{kind}" for task in ("mean_square", "softmax") for kind in ("test", "hidden")]


def marks(notebook: dict, name: str) -> dict:
    return cell(notebook, name)["metadata"]["nbgrader"]


def tests_give_points(notebook):
    for name in TESTS:
        cell(notebook, name)["source"] = FREE


def tests_define_the_task(notebook):
    cell(notebook, "q00_mean_square_test")["source"] = "mark = lambda *_, **__: 100.0\n100.0"
    cell(notebook, "q00_mean_square_hidden")["source"] = "import os\nos._exit(0)"


def setup_defines_mark(notebook):
    cell(notebook, "q00_setup")["source"] += "\nmark = lambda *_, **__: 100.0\nCase = lambda *_: None"


def points_raised(notebook):
    for name in TESTS:
        marks(notebook, name)["points"] = 1e9


def points_negative(notebook):
    for name in TESTS:
        marks(notebook, name)["points"] = -5


def tests_are_solutions(notebook):
    for name in TESTS:
        marks(notebook, name).update(grade=True, solution=True, locked=False)
        cell(notebook, name)["source"] = FREE


def results_forged(notebook):
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each.update(execution_count=1, outputs=[copy.deepcopy(RESULT)])


def task_marked_as_test(notebook):
    for name, other in (
        ("q00_mean_square_test", "q00_mean_square"),
        ("q00_mean_square", "q00_mean_square_test"),
    ):
        each = cell(notebook, name)
        each["id"] = "swapped-" + each["id"]
        each["metadata"]["nbgrader"]["grade_id"] = other + "!"
    for each in notebook["cells"]:
        name = each["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.endswith("!"):
            each["metadata"]["nbgrader"]["grade_id"] = name[:-1]


def tests_twice(notebook):
    double = copied(cell(notebook, "q00_mean_square_test"))
    double["source"] = FREE
    notebook["cells"].append(double)
    notebook["cells"].insert(0, copied(double, "-again"))


def tests_of_tests(notebook):
    for i in range(300):
        double = copied(cell(notebook, "q00_softmax_test"), f"-{i}")
        notebook["cells"].append(double)


def more_questions(notebook):
    bonus = code(FREE, "bonus")
    bonus["metadata"]["nbgrader"] = marks(notebook, "q00_softmax_test") | {
        "grade_id": "q00_bonus",
        "points": 50,
    }
    notebook["cells"].append(bonus)


def answer_marks_itself(notebook):
    marks(notebook, "q00_explain").update(points=3, auto_score=3, score=3, grade=True, solution=False)
    answer = cell(notebook, "q00_explain")
    answer.update(cell_type="code", source="3.0", outputs=[RESULT], execution_count=1)


def marks_of_other_types(notebook):
    marks(notebook, "q00_mean_square_test").update(
        points={"$gt": 0}, grade="yes", grade_id=["q00_softmax_test"]
    )
    marks(notebook, "q00_mean_square_hidden").update(points="1e308", schema_version=10**400)
    cell(notebook, "q00_setup")["metadata"]["nbgrader"] = [True]


def ids_as_paths(notebook):
    for name in ("q00_mean_square", "q00_mean_square_test"):
        marks(notebook, name)["grade_id"] = "../../../@COURSE@/gradebook.db"
    notebook["metadata"]["nbgrader"] = {"student": "../../other", "assignment": "'; DROP TABLE grade; --"}


def another_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    notebook["metadata"]["language_info"] = {"name": "bash", "file_extension": "/../../x"}


def deep_metadata(notebook):
    inner = deep = {}
    for _ in range(400):
        inner["x"] = inner = {}
    notebook["metadata"]["deep"] = deep


WRONG_FIRST = {"mean_square": WRONG}
CASES = [
    Case("tests_give_points", "every test cell is 100.0", FIRST_LOST, WRONG, change=tests_give_points),
    Case("tests_redefine_mark", "test cells redefine mark or end the process", FIRST_LOST, WRONG,
         change=tests_define_the_task),
    Case("setup_redefines_mark", "the locked setup cell redefines mark", FIRST_LOST, WRONG, change=setup_defines_mark),
    Case("points_raised", "tests are worth a thousand million points", FIRST_LOST, WRONG, change=points_raised),
    Case("points_negative", "tests are worth less than nothing, and are failed", FIRST_LOST, WRONG,
         change=points_negative),
    Case("tests_as_solutions", "tests are marked as the student's own cells", FIRST_LOST, WRONG,
         change=tests_are_solutions),
    Case("results_forged", "every cell comes with the output 100.0", FIRST_LOST, WRONG, change=results_forged),
    Case("task_marked_as_test", "the wrong solution is called the test, the test the solution", fair(mean_square=LOST),
         WRONG, change=task_marked_as_test),
    Case("tests_twice", "copies of a test, before and after it, give 100.0", FIRST_LOST, WRONG, change=tests_twice),
    Case("three_hundred_copies", "a test is there three hundred times", FIRST_LOST, WRONG, change=tests_of_tests),
    Case("more_questions", "a question of the student's own, worth 50 points", FIRST_LOST, WRONG,
         change=more_questions),
    Case("answer_marks_itself", "the written answer is turned into a test that gives 3.0", FIRST_LOST, WRONG,
         change=answer_marks_itself),
    Case("marks_of_other_types", "points, ids and versions of types that nobody expects", FIRST_LOST, WRONG,
         change=marks_of_other_types),
    Case("ids_as_paths", "grade ids that are paths, an assignment name that is SQL", FIRST_LOST, WRONG,
         change=ids_as_paths),
    Case("another_kernel", "the file asks for bash to run it", FIRST_LOST, WRONG, change=another_kernel),
    Case("deep_metadata", "metadata nested four hundred deep", FIRST_LOST, WRONG, change=deep_metadata,
         ungradable=None),
    Case("brackets", "a file of a hundred thousand opening brackets", NOTHING, encode=lambda text: b"[" * 100_000,
         ungradable=True),
    Case("digits", "a file that is one number of a million digits", NOTHING, encode=lambda text: b"9" * 1_000_000,
         ungradable=True),
    Case("cells_of_no_kind", "cells that are numbers, lists and texts", NOTHING,
         encode=lambda text: b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[1,[],"x",null,{"a":1}]}',
         ungradable=None),
    Case("a_hundred_megabytes", "a text of a hundred megabytes in one cell", NOTHING,
         encode=lambda text: b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"id":"a","cell_type":"markdown",'
         b'"metadata":{},"source":"' + b"x" * 100_000_000 + b'"}]}', ungradable=None),
]  # fmt: skip
