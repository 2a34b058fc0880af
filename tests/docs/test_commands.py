"""Every command on a page that people start from is there, with its options, in their own edition."""

import re

import pytest
from typer.main import get_command

import autograder.cli
from autograder.bundle import student_readme
from course_lib.commands import start_page, workspace
from course_lib.commands.cli import EXTENDED, joined
from course_lib.paths import ROOT

EVERY = get_command(joined()).commands
STUDENTS = {*EVERY.keys() - get_command(autograder.cli.app).commands.keys() - {"test"}, *EXTENDED}
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    "README": (README, EVERY.keys()),
    "student README": (student_readme(README), STUDENTS),
    "start page": (start_page.page(), STUDENTS),
    "instructors": ((ROOT / "docs" / "instructors.md").read_text("utf-8"), EVERY.keys()),
    "lecturers": ((ROOT / "docs" / "lecturers.md").read_text("utf-8"), STUDENTS),
}


def commands(text: str) -> list[list[str]]:
    """The words after each `./course` of a page, up to the end of the code that it stands in."""
    return [words.split() for words in re.findall(r"\./course((?: [\w./:-]+)+)", text)]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_is_there_and_takes_what_is_written_behind_it(name):
    text, known = PAGES[name]
    found = commands(text)
    assert len(found) >= 2
    for command, *rest in found:
        assert command in known, f"./course {command}"
        if rest:  # a name by itself speaks of the command; what it needs may be left out
            EVERY[command].make_context(command, rest)
        named = [word for word in rest if re.fullmatch(r"[a-z]+\d+_\w+", word)]
        assert set(named) <= set(workspace.assignments()), named


def test_an_option_that_is_not_there_is_found():
    with pytest.raises(Exception, match="No such option: --pupil"):
        EVERY["submit"].make_context("submit", ["q02_quantization", "--pupil", "ada"])


def test_the_student_edition_hands_in_by_name_and_has_no_tests():
    text, _ = PAGES["student README"]
    assert ["test"] not in commands(text)
    pages = PAGES["student README"][0] + PAGES["start page"][0]
    handing_in = [words for words in commands(pages) if words[0] == "submit"]
    assert len(handing_in) == 2
    assert all("--student" in words for words in handing_in)
