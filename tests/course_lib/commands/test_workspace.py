"""The workspace: a student's file is never overwritten, whatever the course ships."""

import json
import subprocess

import pytest

from course_lib.commands import start_page, workspace
from course_lib.errors import UserError
from tests.course_lib.commands.conftest import notebook


def test_first_visit_brings_every_file_of_every_notebook_and_the_page_they_link_to(course):
    lines = workspace.prepare()
    assert (course / "workspace" / "q01_first" / "table.csv").read_text() == "1,2\n"
    assert lines == [
        "new: q01_first/table.csv",
        "new: q01_first/work.ipynb",
        "new: lab1_second/work.ipynb",
        "new: practice/work.ipynb",
        "new: docs/kernels.md",
    ]
    assert all((course / "workspace" / line.removeprefix("new: ")).exists() for line in lines)


def test_what_a_run_leaves_beside_a_notebook_is_not_brought(course):
    for left in ("effects/speed.json", ".ipynb_checkpoints/work-checkpoint.ipynb"):
        path = course / "notebooks" / "practice" / left
        path.parent.mkdir()
        path.write_text("{}")
    workspace.prepare()
    assert [path.name for path in (course / "workspace" / "practice").iterdir()] == ["work.ipynb"]


def test_second_visit_changes_and_says_nothing(course):
    workspace.prepare()
    assert workspace.prepare() == []


def test_a_students_change_survives_a_newer_release_and_is_named(course):
    workspace.prepare()
    mine = course / "workspace" / "q01_first" / "work.ipynb"
    mine.write_text("my work")
    (course / "notebooks" / "q01_first" / "work.ipynb").write_text(notebook("Newer"))
    (line,) = workspace.prepare()
    assert mine.read_text() == "my work"
    assert line.startswith("kept your q01_first/work.ipynb")


def test_an_untouched_file_follows_the_course(course):
    workspace.prepare()
    (course / "notebooks" / "q01_first" / "work.ipynb").write_text(notebook("Newer"))
    assert workspace.prepare() == ["updated: q01_first/work.ipynb"]
    assert "Newer" in (course / "workspace" / "q01_first" / "work.ipynb").read_text()


def test_a_file_made_before_the_first_visit_is_kept(course):
    early = course / "workspace" / "q01_first" / "work.ipynb"
    early.parent.mkdir(parents=True)
    early.write_text("mine from elsewhere")
    workspace.prepare()
    assert early.read_text() == "mine from elsewhere"


def test_a_notebook_without_graded_cells_is_neither_checked_nor_handed_in(course):
    workspace.prepare()
    assert workspace.assignments() == ["q01_first", "lab1_second"]
    with pytest.raises(UserError, match=r"practice is not graded: there is nothing to check"):
        workspace.notebook("practice")


def test_an_unknown_assignment_is_answered_with_the_known_ones(course):
    with pytest.raises(UserError, match=r"no assignment 'q99'; there are: q01_first, lab1_second"):
        workspace.notebook("q99")


def test_a_missing_notebook_is_answered_with_the_command_that_brings_it(course):
    with pytest.raises(UserError, match=r"\./course lab brings it"):
        workspace.notebook("q01_first")


@pytest.mark.parametrize("text", ["", "[]", "null", '{"q01', "\0\0", "[" * 100_000])
def test_a_record_that_is_empty_or_cut_off_costs_no_file_and_no_start(course, text):
    workspace.prepare()
    mine = course / "workspace" / "q01_first" / "work.ipynb"
    mine.write_text("my work")
    (course / "workspace" / ".shipped.json").write_text(text)
    assert workspace.prepare() == [
        "kept your q01_first/work.ipynb; the course has a newer one (rename yours to get it)"
    ]
    assert mine.read_text() == "my work"
    assert json.loads((course / "workspace" / ".shipped.json").read_text())


@pytest.fixture
def instructors(course, monkeypatch):
    """The same with a solution in one notebook, and a release without it; returns what was released."""
    (course / "notebooks" / "q01_first" / "work.ipynb").write_text(notebook("### BEGIN SOLUTION"))
    released = []

    def release(command, **_):
        released.append(command[4:])
        (course / "release" / "q01_first").mkdir(parents=True, exist_ok=True)
        (course / "release" / "q01_first" / "work.ipynb").write_text(notebook("Yours"))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(workspace.subprocess, "run", release)
    return released


@pytest.mark.parametrize("spoilt", ["release/q01_first/work.ipynb", ".course/released.json"])
def test_a_student_version_or_its_record_that_was_emptied_is_made_anew(course, instructors, spoilt):
    workspace.student_version("q01_first")
    workspace.student_version("q01_first")
    assert instructors == [["q01_first"]]
    (course / spoilt).write_text("")
    assert "Yours" in workspace.student_version("q01_first").read_text()
    assert instructors == [["q01_first"]] * 2


@pytest.fixture
def shared(course, monkeypatch, tmp_path):
    """The same course, which this account may not write; returns the account's home."""
    monkeypatch.delenv("COURSE_WORKSPACE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for module in (workspace, start_page):
        monkeypatch.setattr(module, "is_shared", lambda root: root == course)
    return tmp_path / "home"


def test_with_an_installation_for_several_accounts_the_workspace_is_in_sight_in_the_home(shared, course):
    workspace.prepare()
    assert (shared / "workbook" / "q01_first" / "work.ipynb").is_file()
    assert not (course / "workspace").exists()
    start_page.write()
    page = (shared / "workbook" / "start.md").read_text()
    assert "`course check lab1_second`" in page or "`course check q01_first`" in page
    assert "./course" not in page
    assert str(course) not in page


def test_a_workspace_may_be_named_from_the_home(shared, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", "~/mine")
    assert workspace.folder() == shared / "mine"


def test_instructors_notebooks_that_cannot_be_made_into_student_versions_are_refused_with_what_to_do(
    shared, course
):
    solved = course / "notebooks" / "q01_first" / "work.ipynb"
    solved.write_text(notebook("### BEGIN SOLUTION"))
    with pytest.raises(UserError, match="release --bundle DIR writes a student edition"):
        workspace.prepare()


def test_what_another_server_of_the_account_has_just_brought_is_not_written_again(course, monkeypatch):
    mine = course / "workspace" / "q01_first" / "work.ipynb"
    real = workspace.write_atomically

    def late(path, data, replace=True):
        if path == mine:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("brought, and edited already")
        return real(path, data, replace)

    monkeypatch.setattr(workspace, "write_atomically", late)
    assert "new: q01_first/work.ipynb" not in workspace.prepare()
    assert mine.read_text() == "brought, and edited already"
