"""Whatever lies in a student's folder: nbgrader and formgrader follow no link there, and wait for nothing."""

import os
import time
from datetime import datetime
from types import SimpleNamespace

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.collect import ExchangeCollect

from autograder import by_descriptor
from autograder.conversion import ConversionFailed, convert
from autograder.release import release
from autograder.scores import scores
from tests.autograder.small_course import hand_in, solved

ASSIGNMENT = "q00_doubling"
WHEN = datetime(2026, 1, 31, 12)
KINDS = (
    "pipe",
    "socket's folder",
    "link to a file",
    "link to a folder",
    "link to nothing",
    "link to a device",
)


def beside(folder, kind: str, name: str):
    """Puts something into a folder that is no file of the student's."""
    place, secret = folder / name, folder.parents[1] / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "answers.txt").write_text("another student's")
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket's folder":
        place.mkdir()
        os.mkfifo(place / "inside")
    else:
        to = {"file": secret / "answers.txt", "folder": secret, "nothing": "gone", "device": "/dev/zero"}
        place.symlink_to(to[kind.removeprefix("link to a ").removeprefix("link to ")])


def autograde(root) -> Autograde:
    return Autograde(coursedir=CourseDirectory(root=str(root)))


def generate_feedback(root) -> GenerateFeedback:
    return GenerateFeedback(coursedir=CourseDirectory(root=str(root)))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "submitted" / "mal" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "doubling.ipynb").write_text("{}")
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC\n")
    return folder


def copied(root) -> list[str]:
    place = root / "autograded" / "mal" / ASSIGNMENT
    return sorted(path.name for path in place.rglob("*"))


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_lies_beside_a_submission_only_its_time_and_its_secret_go_on(folder, tmp_path, kind):
    beside(folder, kind, "data.txt")
    (folder / "mine.csv").write_text("1")
    (folder / "submission_secret.txt").write_text("5ec2e7")
    by_descriptor.copy_beside(autograde(tmp_path), ASSIGNMENT, "mal")
    assert copied(tmp_path) == ["submission_secret.txt", "timestamp.txt"]
    by_descriptor.copy_beside(generate_feedback(tmp_path), ASSIGNMENT, "mal")
    page = tmp_path / "feedback" / "mal" / ASSIGNMENT
    assert {path.name: path.read_text() for path in page.iterdir()} == {
        "submission_secret.txt": "5ec2e7",
        "timestamp.txt": "2026-01-31 12:00:00 UTC\n",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_is_no_file_is_replaced_beside_the_feedback_so_that_all_feedback_can_be_released(
    folder, tmp_path, kind
):
    beside(folder, kind, "submission_secret.txt")
    by_descriptor.copy_beside(autograde(tmp_path), ASSIGNMENT, "mal")
    assert copied(tmp_path) == ["timestamp.txt"]
    by_descriptor.copy_beside(generate_feedback(tmp_path), ASSIGNMENT, "mal")
    secret = tmp_path / "feedback" / "mal" / ASSIGNMENT / "submission_secret.txt"
    assert len(secret.read_text()) == 128


def test_nbgrader_itself_copies_the_file_that_a_link_leads_to(folder, tmp_path):
    beside(folder, "link to a file", "data.txt")
    by_descriptor._copy_what_is_released(autograde(tmp_path), ASSIGNMENT, "mal")
    assert (tmp_path / "autograded" / "mal" / ASSIGNMENT / "data.txt").read_text() == "another student's"


@pytest.mark.parametrize("kind", KINDS)
def test_a_timestamp_that_is_no_file_is_none(folder, tmp_path, kind):
    api = SimpleNamespace(coursedir=CourseDirectory(root=str(tmp_path)))
    assert by_descriptor.submitted_timestamp(api, ASSIGNMENT, "mal") == WHEN
    (folder / "timestamp.txt").unlink()
    beside(folder, kind, "timestamp.txt")
    assert by_descriptor.submitted_timestamp(api, ASSIGNMENT, "mal") is None
    by_descriptor.copy_beside(autograde(tmp_path), ASSIGNMENT, "mal")
    assert copied(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "never",
        "2026-01-31 12:00:00 ../../../etc/passwd",
        "2026-01-31 12:00:00 /etc/localtime",
        "9" * 60_000,
        "2026-13-45 99:00:00 UTC",
        "١٢:٠٠",
        "\udcff",
        "2026-01-31\n12:00:00 UTC\nmore",
    ],
)
def test_a_timestamp_without_a_time_is_none_and_ends_nothing(folder, text):
    (folder / "timestamp.txt").write_bytes(text.encode("utf-8", "surrogateescape"))
    started = time.monotonic()
    assert by_descriptor.existing_timestamp(None, str(folder)) is None
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31 12:00:00 UTC",
        "2026-01-31 12:00:00.000000 UTC\n",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00",
    ],
)
def test_nbgraders_ways_to_write_a_time_are_read(folder, text):
    (folder / "timestamp.txt").write_text(text)
    assert by_descriptor.existing_timestamp(None, str(folder)) == WHEN


def test_formgrader_and_nbgraders_commands_have_these_methods(released):
    assert released.directory().get_existing_timestamp.__func__ is by_descriptor.existing_timestamp
    assert NbGraderAPI.get_submitted_timestamp is by_descriptor.submitted_timestamp
    assert BaseConverter.init_assignment is by_descriptor.copy_beside
    assert ExchangeCollect.do_copy is by_descriptor.collect_from_exchange


# The exchange


class Exchange:
    """As much of nbgrader's collecting as one copy needs."""

    def __init__(self, root):
        self.inbound, self.said = root / "inbound", []
        self.inbound.mkdir()
        self.log = SimpleNamespace(error=lambda form, *values: self.said.append(form % values))
        source = root / "notebooks" / ASSIGNMENT
        source.mkdir(parents=True)
        (source / "doubling.ipynb").write_text("{}")
        self.coursedir = SimpleNamespace(
            source_directory="notebooks",
            format_path=lambda step, student, name: str(root / step / student / name),
        )

    def collect(self, root, student="mal"):
        by_descriptor.collect_from_exchange(
            self, str(self.inbound / f"mal+{ASSIGNMENT}+time"), str(root / "submitted" / student / ASSIGNMENT)
        )
        return sorted(path.name for path in (root / "submitted" / student / ASSIGNMENT).rglob("*"))


@pytest.fixture
def exchange(tmp_path):
    made = Exchange(tmp_path)
    handed_in = made.inbound / f"mal+{ASSIGNMENT}+time"
    handed_in.mkdir()
    (handed_in / "doubling.ipynb").write_text("mal's")
    (handed_in / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC\n")
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["doubling.ipynb", "timestamp.txt", "other.ipynb", "data.txt"])
def test_from_the_exchange_comes_no_link_and_no_pipe(exchange, tmp_path, kind, name):
    place = exchange.inbound / f"mal+{ASSIGNMENT}+time"
    (place / name).unlink(missing_ok=True)
    beside(place, kind, name)
    expected = sorted({"doubling.ipynb", "timestamp.txt"} - {name})
    assert exchange.collect(tmp_path) == expected
    assert bool(exchange.said) == (len(expected) == 1)


def test_a_folder_of_the_exchange_that_is_a_link_to_anothers_is_left_out(exchange, tmp_path):
    place = exchange.inbound / f"mal+{ASSIGNMENT}+time"
    place.rename(tmp_path / "adas")
    place.symlink_to(tmp_path / "adas")
    assert exchange.collect(tmp_path) == []


def test_nothing_is_collected_through_a_link_into_the_folder_of_another(exchange, tmp_path):
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    (tmp_path / "submitted" / "mal").symlink_to("ada")
    assert exchange.collect(tmp_path) == []
    assert "is a link" in exchange.said[0]


def test_nbgrader_collect_takes_the_newest_of_each_student_whatever_else_lies_in_the_exchange(
    course, tmp_path, caplog
):
    inbound = tmp_path / "exchange" / "default_course" / "inbound"
    for student, when in [("ada", "12:00:00"), ("ada", "13:00:00"), ("bob", "12:00:00"), ("..", "12:00:00")]:
        folder = inbound / f"{student}+{ASSIGNMENT}+2026-01-31 {when} UTC"
        folder.mkdir(parents=True)
        (folder / "doubling.ipynb").write_text(when)
    (inbound / f"ada+{ASSIGNMENT}+2027-01-31 12:00:00 UTC").symlink_to(folder)
    (inbound / f"eve+{ASSIGNMENT}+2027-01-31 12:00:00 UTC").symlink_to("gone")
    (inbound / f"bob+{ASSIGNMENT}+2027-01-31 12:00:00 UTC").write_text("a file")
    for name in (f"mal+{ASSIGNMENT}+never", f"+{ASSIGNMENT}+", f"mal+{ASSIGNMENT}+\x1b[2J"):
        (inbound / name).mkdir()
    directory = course.directory(assignment_id=ASSIGNMENT)
    exchange = ExchangeCollect(coursedir=directory, check_owner=True)
    exchange.root = str(tmp_path / "exchange")
    before = sorted(course.root.iterdir())
    exchange.start()
    found = {
        path.relative_to(course.root).as_posix(): path.read_text() for path in course.root.rglob("*.ipynb")
    }
    assert {name: text for name, text in found.items() if name.startswith("submitted")} == {
        f"submitted/ada/{ASSIGNMENT}/doubling.ipynb": "13:00:00",
        f"submitted/bob/{ASSIGNMENT}/doubling.ipynb": "12:00:00",
    }
    assert sorted(course.root.iterdir()) == sorted([*before, course.root / "submitted"])


# All of it


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_nbgrader_autograde_grades_the_others_and_takes_nothing_through_a_link(course, starter):
    release(course, ASSIGNMENT)
    for student in ("ada", "pipes", "zoe", "nopipe"):
        hand_in(course, student, solved(starter))
    submitted = course.root / "submitted"
    (submitted / "linked").mkdir()
    (submitted / "linked" / ASSIGNMENT).symlink_to(submitted / "ada" / ASSIGNMENT)
    (submitted / "student").symlink_to(submitted / "ada")
    for kind in KINDS:
        beside(submitted / "pipes" / ASSIGNMENT, kind, kind)
    for name in ("timestamp.txt", "doubling.ipynb"):
        (submitted / "nopipe" / ASSIGNMENT / name).unlink()
        os.mkfifo(submitted / "nopipe" / ASSIGNMENT / name)
    with pytest.raises(ConversionFailed, match="a link is not followed"):
        convert(Autograde, course, ASSIGNMENT)
    found = {row.student: (row.status, row.auto) for row in scores(course, ASSIGNMENT)}
    assert {name: found[name] for name in ("ada", "pipes", "zoe")} == dict.fromkeys(
        ("ada", "pipes", "zoe"), ("graded", 7.0)
    )
    assert {found[name] for name in ("linked", "student", "nopipe")} == {("not graded", 0.0)}
    kept = [path for path in (course.root / "autograded").rglob("*") if not path.is_dir()]
    assert {path.name for path in kept} == {"doubling.ipynb", "timestamp.txt"}
    assert not any(path.is_symlink() for path in kept)
