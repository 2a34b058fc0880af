"""The instructor's commands: a mistake is one clear line with status 2, and help answers at once."""

import subprocess
import sys

import pytest

from course_lib.commands.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["release", "q00_dubling"], "did you mean q00_doubling?"),
        (["grade", "q00_doubling"], "run ./course release q00_doubling first"),
        (
            ["grade", "q00_doubling", "--scheduler", "tcp://127.0.0.1:1", "--workers", "4"],
            "leave out --workers",
        ),
        (["report", "q00_doubling"], "run ./course release q00_doubling first"),
        (["feedback", "nothing"], "There is no assignment 'nothing'"),
        (["export", "csv", "q00_doubling"], "run ./course release q00_doubling first"),
        (["export", "excel", "q00_doubling"], "there are: csv, canvas, moodle"),
        (["collect", "missing.zip"], "There is no file or folder missing.zip"),
    ],
)
def test_a_mistake_is_one_line_with_status_2(course, capsys, words, said):
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("course: ")
    assert said in line


def test_a_folder_that_is_no_course_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert main(["grade", "q00_doubling"]) == 2
    assert f"{tmp_path} is no course folder" in capsys.readouterr().err


def test_two_notebooks_in_one_assignment_are_refused(course, capsys):
    folder = course.root / "notebooks" / "q00_doubling"
    (folder / "copy.ipynb").write_text("{}")
    assert main(["release"]) == 2
    assert "several notebooks (copy.ipynb, doubling.ipynb)" in capsys.readouterr().err


def test_a_notebook_without_graded_cells_is_no_assignment_and_says_so(course, capsys):
    folder = course.root / "notebooks" / "practice"
    folder.mkdir()
    (folder / "practice.ipynb").write_text('{"cells": []}')
    assert course.assignments() == ["q00_doubling"]
    assert course.ungraded() == [folder]
    for command in ("release", "grade", "report"):
        assert main([command, "practice"]) == 2
        assert "practice is not graded: students get it as it is" in capsys.readouterr().err


def test_grading_prints_a_row_for_each_student_and_ends_with_1_when_one_failed(course, capsys):
    from tests.autograder.small_course import hand_in

    assert main(["release"]) == 0
    hand_in(course, "ada", b"{")
    assert main(["grade", "q00_doubling"]) == 1
    printed = capsys.readouterr().out
    assert "ada" in printed
    assert "not graded: it is no notebook: not JSON" in printed
    assert "1 failed" in printed


def test_listing_the_commands_does_not_wait_for_nbgrader():
    code = "import autograder.cli, sys; print([m for m in ('nbgrader', 'rich.progress') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
