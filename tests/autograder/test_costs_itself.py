"""Whatever goes wrong while one submission is handled costs that one: the others are graded and recorded."""

import contextlib
import shutil

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import batch, engine, recorder
from autograder.course import Course
from autograder.grade import grade
from autograder.release import release
from course_lib.examination.result import Result
from tests.autograder.small_course import hand_in, make_course, points_by_cell, solved

ASSIGNMENT = "q00_doubling"
STUDENTS = ("ada", "bob", "mal")
POINTS = {"q00_double_test": 1.0, "q00_double_hidden": 2.0, "q00_scale_hidden": 4.0}
# Where a submission is handled, and how to tell from the arguments that it is mal's.
STEPS = {
    "read": (engine, "read", lambda data, *_: b"# mal" in data),
    "conduct": (engine, "conduct", lambda submission, *_: "# mal" in str(submission.notebook)),
    "executed": (engine, "executed", lambda submission, *_: "# mal" in str(submission.notebook)),
    "answered": (recorder.Recorder, "_answered", lambda _, result: b"# mal" in result.executed),
    "marked": (recorder.Recorder, "_marked", lambda _, entry: entry.student == "mal"),
    "place": (recorder.Recorder, "_place", lambda _, entry: entry.student == "mal"),
    "outcome": (recorder.Recorder, "_outcome", lambda _, entry, *__: entry.student == "mal"),
}
ERRORS = (
    ValueError("no"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), KeyError("cells"),
    RecursionError("maximum recursion depth exceeded"), MemoryError(), TypeError(), AssertionError(),
    StopIteration(), ZeroDivisionError("division by zero"), EOFError("it has ended"), AttributeError("x"),
)  # fmt: skip


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, empty_gradebook, starter):
    course = make_course(tmp_path_factory.mktemp("class") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    for student in STUDENTS:
        notebook = solved(starter)
        notebook.cells.append(nbformat.v4.new_code_cell(f"# {student}"))
        hand_in(course, student, notebook)
    return course.root


def graded(notebook, assignment, **_) -> Result:
    """An examination that takes no time: full points, and the notebook as it is."""
    submission = engine.read(notebook, assignment)
    executed = engine.executed(submission, engine.conduct(submission))
    return Result(dict(POINTS), executed=executed, answers=engine.answers(submission))


@contextlib.contextmanager
def quick_grading():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "conduct", lambda submission, *_: engine.Findings())
        patch.setattr(engine, "grade_submission", graded)
        patch.setattr(batch.Grader, "_warm_process", lambda self: None)
        yield patch


@pytest.mark.slow
@settings(max_examples=40)
@given(step=st.sampled_from(sorted(STEPS)), error=st.sampled_from(ERRORS), first=st.booleans())
def test_the_other_two_are_graded_whatever_is_raised_where(
    class_folder, tmp_path_factory, step, error, first
):
    course = Course(shutil.copytree(class_folder, tmp_path_factory.mktemp("run") / "course"))
    owner, name, is_mal = STEPS[step]
    with quick_grading() as patch:
        original = getattr(owner, name)

        def fails(*arguments):
            if is_mal(*arguments):
                raise error
            return original(*arguments)

        patch.setattr(owner, name, fails)
        students = ["mal", "ada", "bob"] if first else list(STUDENTS)
        outcomes = {outcome.student: outcome for outcome in grade(course, ASSIGNMENT, students)}
    assert {name: outcomes[name].state for name in ("ada", "bob")} == {"ada": "graded", "bob": "graded"}
    assert type(error).__name__ in outcomes["mal"].reason
    with quick_grading():  # nothing was lost of mal: the next command grades it
        states = {outcome.student: outcome.state for outcome in grade(course, ASSIGNMENT, [])}
    assert states["mal"] in ("graded", "unchanged")
    for student in STUDENTS:
        assert sum(filter(None, points_by_cell(course, student).values())) == 7
