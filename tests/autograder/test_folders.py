"""Whatever a folder in submitted/ is, and is called: it costs itself only, and nobody is left out unnamed."""

import io
import os
import shutil
import tempfile
import unicodedata
from pathlib import Path

import nbformat
import pytest
from rich.console import Console

from autograder import batch, engine
from autograder.console import outcome_table
from autograder.course import Course
from autograder.export import export_csv
from autograder.feedback import feedback
from autograder.grade import grade
from autograder.release import release
from autograder.report import report
from autograder.report_table import show_report
from course_lib.examination.result import Result
from tests.autograder.corpus.folders import FOLDERS, NAME, ROOT_IS_HERE
from tests.autograder.small_course import hand_in, make_course, solved
from tests.autograder.test_corpus import no_hang

ASSIGNMENT = "q00_doubling"
POINTS = {"q00_double_test": 1.0, "q00_double_hidden": 2.0, "q00_scale_hidden": 4.0}
SECRET = "the other student's own words"

HERE = [folder for folder in FOLDERS if ROOT_IS_HERE or not folder.needs_root]


def quick(notebook, assignment, **_) -> Result:
    """An examination that takes no time: full points for whatever can be read as a notebook."""
    try:
        submission = engine.read(notebook, assignment)
    except engine.Unreadable as error:
        return Result(reason=str(error))
    return Result(dict(POINTS), executed=engine.executed(submission, engine.Findings()))


@pytest.fixture(scope="module")
def graded(tmp_path_factory, empty_gradebook, starter):
    """(course, outcomes by student) of a class in which every folder of the corpus is somebody's."""
    course = make_course(tmp_path_factory.mktemp("folders") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    right = nbformat.writes(solved(starter)).encode()
    for student in ("ada", "zoe"):
        hand_in(course, student, solved(starter, q00_explain=SECRET))
    submitted = course.root / "submitted"
    for folder in HERE:
        place = submitted / (folder.student or folder.name) / ASSIGNMENT
        place.parent.mkdir()
        folder.make(place, right, submitted / "ada" / ASSIGNMENT)
    before = sorted(os.walk(submitted))
    with pytest.MonkeyPatch.context() as patch, no_hang():
        patch.setattr(engine, "grade_submission", quick)
        patch.setattr(batch.Grader, "_warm_process", lambda self: None)
        outcomes = {outcome.student: outcome for outcome in grade(course, ASSIGNMENT, [])}
    assert sorted(os.walk(submitted)) == before  # nothing that was handed in is changed
    yield course, outcomes
    for folder in HERE:  # so that the folders can be removed
        for path in (submitted / folder.name, submitted / folder.name / ASSIGNMENT):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)


@pytest.mark.parametrize("folder", HERE, ids=[folder.name for folder in HERE])
def test_each_folder_gets_what_is_fair(folder, graded):
    course, outcomes = graded
    student = folder.student or folder.name
    outcome = outcomes[student]
    if folder.graded or (folder.graded_by_root and ROOT_IS_HERE):
        assert (outcome.state, outcome.auto_points) == ("graded", 7.0)
    else:
        assert outcome.auto_points is None
        assert outcome.reason
        assert "\n" not in outcome.reason
    executed = course.notebook("autograded", student, ASSIGNMENT)
    assert not (executed.exists() and SECRET in executed.read_text("utf-8"))


def test_the_others_are_graded_and_nobody_is_left_out(graded):
    _, outcomes = graded
    assert {name: outcomes[name].auto_points for name in ("ada", "zoe")} == {"ada": 7.0, "zoe": 7.0}
    assert outcomes.keys() == {"ada", "zoe"} | {folder.student or folder.name for folder in HERE}


def obeyed(shown: str) -> set[str]:
    """Kinds of characters in what was printed that a terminal would obey."""
    return {unicodedata.category(c) for c in shown.replace("\n", "")} & {"Cc", "Cf", "Cs"}


def test_the_table_of_results_has_a_line_for_each_and_steers_no_terminal(graded):
    _, outcomes = graded
    written = io.StringIO()
    Console(file=written, force_terminal=False, width=400).print(outcome_table(list(outcomes.values())))
    assert len(written.getvalue().splitlines()) == len(outcomes) + 1
    assert obeyed(written.getvalue()) == set()


@pytest.mark.slow
def test_the_report_steers_no_terminal(graded, capsys):
    course, _ = graded
    show_report(report(course, ASSIGNMENT))
    shown = capsys.readouterr().out
    assert "q00_doubling" in shown
    assert obeyed(shown) == set()


def test_a_second_command_grades_none_again_and_the_files_of_grades_are_written(graded):
    course, outcomes = graded
    with pytest.MonkeyPatch.context() as patch, no_hang():
        patch.setattr(engine, "grade_submission", None)  # nothing is examined
        done = [student for student, outcome in outcomes.items() if outcome.state == "graded"]
        again = list(grade(course, ASSIGNMENT, done))
        assert {outcome.state for outcome in again} == {"unchanged"}
        assert export_csv(course, ASSIGNMENT).is_file()


@pytest.mark.slow
def test_feedback_is_written_for_all_whose_name_a_folder_of_pages_can_have(graded):
    course, outcomes = graded
    with no_hang():
        refused = {student: reason for student, reason in feedback(course, ASSIGNMENT) if reason}
    pages = {path.parents[1].name for path in (course.root / "feedback").glob(f"*/{ASSIGNMENT}/*.html")}
    done = {student for student, outcome in outcomes.items() if outcome.state == "graded"}
    assert pages | refused.keys() == done
    assert {"ada", "zoe", "tempting", "pipes_beside"} <= pages
    for path in (course.root / "feedback").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.suffix in (".html", ".txt")


@pytest.mark.skipif(not ROOT_IS_HERE, reason="only root can become somebody else")
def test_who_has_closed_a_folder_to_the_grader_is_named_with_a_reason():
    root = Path(tempfile.mkdtemp(prefix="course_closed_"))
    try:
        (root / "notebooks" / "q").mkdir(parents=True)
        (root / "notebooks" / "q" / NAME).write_text('"grade_id"')  # of a graded cell
        for name, closed in (("above", 1), ("folder", 2), ("notebook", 3)):
            parts = (name, "q", NAME)
            root.joinpath("submitted", *parts[:2]).mkdir(parents=True)
            root.joinpath("submitted", *parts).touch()
            root.joinpath("submitted", *parts[:closed]).chmod(0)
        root.chmod(0o755)
        course = Course(root)
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                os.setresuid(65534, 65534, 65534)
                said = course.submitters("q")
                for name in list(said):
                    try:
                        batch.read_submission(course.notebook("submitted", name, "q"))
                    except batch.NotReadable as error:
                        said.append(str(error))
                os.write(write, "\n".join(said).encode())
            finally:
                os._exit(0)
        os.close(write)
        with open(read) as stream:
            names = stream.read().split("\n")
        os.wait()
        assert names[:3] == ["above", "folder", "notebook"]
        assert [reason.partition(": ")[2] for reason in names[3:]] == ["Permission denied"] * 3
    finally:
        shutil.rmtree(root)
