"""Submissions reach submitted/ verified and whole; what is wrong is refused by name and stops nobody else."""

import hashlib
import io
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from autograder import collect as collecting
from autograder.collect import checked
from autograder.limited import Limit
from course_lib.commands.cli import main
from course_lib.commands.submission import pack
from course_lib.errors import UserError

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def notebook(text: str = "") -> bytes:
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def submission(folder, name="hand_in.zip", text="", at=NOW, **claims):
    """A zip as ./course submit makes it, with `claims` changed in its receipt."""
    data = notebook(text)
    receipt = {
        "assignment": "q00_doubling",
        "notebook": "doubling.ipynb",
        "sha256": hashlib.sha256(data).hexdigest(),
        "submitted": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "student": "ada",
        "course_version": "0.1.0",
    } | claims
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(receipt["notebook"], data)
        archive.writestr("receipt.json", json.dumps(receipt))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return path


def collect(course, path, now=None):
    """What became of the one file in `path`."""
    (found,) = collecting.collect(course, [path], now=now)
    return found


def handed_in(course) -> dict[str, str]:
    """path under submitted/ -> text of the notebook there."""
    found = (course.root / "submitted").rglob("*.ipynb")
    place = course.root / "submitted"
    return {
        p.parent.relative_to(place).as_posix(): json.loads(p.read_text())["cells"][0]["source"] for p in found
    }


def test_a_submission_lies_where_nbgrader_looks_with_its_time(course, tmp_path):
    path = submission(tmp_path, text="mine")
    assert collect(course, path, NOW).outcome == "new"
    folder = course.root / "submitted" / "ada" / "q00_doubling"
    beside = {"receipt.json", "timestamp.txt", "submission_secret.txt"}
    assert {p.name for p in folder.iterdir()} == {"doubling.ipynb", *beside}
    assert (folder / "timestamp.txt").read_text() == "2026-02-01 12:00:00 UTC\n"
    assert course.submitters("q00_doubling") == ["ada"]


def test_what_submit_packs_is_what_collect_takes(course, tmp_path):
    mine = tmp_path / "doubling.ipynb"
    mine.write_bytes(notebook("packed"))
    path = pack("q00_doubling", mine, "grace", tmp_path)
    assert collect(course, path).outcome == "new"
    assert handed_in(course) == {"grace/q00_doubling": "packed"}


def test_collecting_again_changes_nothing(course, tmp_path):
    path = submission(tmp_path)
    collect(course, path, NOW)
    before = {p: p.stat().st_mtime_ns for p in course.root.rglob("submitted/**/*")}
    assert collect(course, path, NOW).outcome == "unchanged"
    assert {p: p.stat().st_mtime_ns for p in course.root.rglob("submitted/**/*")} == before


@pytest.mark.parametrize("order", [["old", "mid", "new"], ["new", "old", "mid"], ["mid", "new", "old"]])
def test_the_newest_counts_and_the_older_are_kept_aside_in_whatever_order_they_come(course, tmp_path, order):
    days = {"old": 3, "mid": 2, "new": 1}
    paths = {
        name: submission(tmp_path, f"{name}.zip", name, NOW - timedelta(days=days[name])) for name in order
    }
    for name in order:
        assert collect(course, paths[name], NOW).outcome in {"new", "replaced", "earlier"}
    found = handed_in(course)
    assert found.pop("ada/q00_doubling") == "new"
    assert sorted(found.values()) == ["mid", "old"]
    assert all(place.startswith(".earlier/ada/q00_doubling/") for place in found)
    assert {collect(course, path, NOW).outcome for path in paths.values()} == {"unchanged"}
    assert course.submitters("q00_doubling") == ["ada"]


@pytest.mark.parametrize("version", ["unknown", "0.1.0", "0.2.0+1c9e53a07d4b", "99.0.dev1", "ü" * 300, ""])
def test_a_submission_from_any_version_of_the_course_is_taken(course, tmp_path, version):
    assert collect(course, submission(tmp_path, course_version=version), NOW).outcome == "new"
    kept = course.root / "submitted" / "ada" / "q00_doubling" / "receipt.json"
    assert json.loads(kept.read_text())["course_version"] == version


def test_work_put_there_by_hand_is_kept_aside_too(course, tmp_path):
    folder = course.root / "submitted" / "ada" / "q00_doubling"
    folder.mkdir(parents=True)
    (folder / "doubling.ipynb").write_bytes(notebook("by hand"))
    collect(course, submission(tmp_path, text="packed"), NOW)
    assert sorted(handed_in(course).values()) == ["by hand", "packed"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"assignment": "q99_unknown"}, "no assignment 'q99_unknown'"),
        ({"notebook": "doubling (1).ipynb"}, "wants 'doubling.ipynb'"),
        ({"student": "../../etc"}, "student id"),
        ({"student": ".earlier"}, "student id"),
        ({"sha256": "0" * 64}, "changed after packing"),
        ({"at": NOW + timedelta(days=2)}, "in the future"),
    ],
)
def test_a_wrong_submission_is_refused_by_name_and_writes_nothing(course, tmp_path, claims, reason):
    result = collect(course, submission(tmp_path, **claims), NOW)
    assert result.outcome == "refused"
    assert "hand_in.zip" in result.detail
    assert reason in result.detail
    assert not (course.root / "submitted").exists()


def test_a_link_in_a_download_folder_is_not_followed(course, tmp_path):
    real = submission(tmp_path / "elsewhere")
    link = tmp_path / "link.zip"
    link.symlink_to(real)
    assert collect(course, link, NOW).outcome == "refused"


def test_what_is_no_file_in_a_download_folder_is_refused_by_name_and_waited_for_by_nobody(
    course, tmp_path, capsys
):
    folder = tmp_path / "in"
    submission(folder, "a.zip", at=datetime.now(UTC))
    submission(tmp_path / "elsewhere", "b.zip", at=datetime.now(UTC), student="grace")
    os.mkfifo(folder / "pipe.zip")
    (folder / "folder.zip").mkdir()
    (folder / "device.zip").symlink_to("/dev/zero")
    (folder / "link.zip").symlink_to(tmp_path / "elsewhere" / "b.zip")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked.zip").symlink_to(tmp_path / "elsewhere")
    with open(folder / "large.zip", "wb") as file:
        file.truncate(1 << 40)
    assert main(["collect", str(folder)]) == 2
    said = capsys.readouterr()
    assert said.out == "new: ada, q00_doubling\n1 taken, 7 refused\n"
    names = {"pipe", "folder", "device", "link", "linked", "large"}
    assert {line.split(":")[1].rsplit("/")[-1] for line in said.err.splitlines()} == {
        "linked",
        *(f"{name}.zip" for name in names),
    }
    assert set(handed_in(course)) == {"ada/q00_doubling"}


@pytest.mark.parametrize("level", ["student", "assignment", "earlier"])
def test_nothing_is_written_through_a_link_into_the_folder_of_another(course, tmp_path, level):
    ada, mal = course.root / "submitted" / "ada", course.root / "submitted" / "mal"
    collect(course, submission(tmp_path, "a.zip", text="ada's"), NOW)
    if level == "student":
        mal.symlink_to(ada)
    elif level == "assignment":
        mal.mkdir()
        (mal / "q00_doubling").symlink_to(ada / "q00_doubling")
    else:
        (course.root / "submitted" / ".earlier").symlink_to(tmp_path)
    result = collect(course, submission(tmp_path, "b.zip", text="mal's", student="mal"), NOW)
    assert (result.outcome == "refused") == (level != "assignment")
    assert ("is a link; remove it" in result.detail) == (level != "assignment")
    assert handed_in(course)["ada/q00_doubling"] == "ada's"
    assert not (ada / "q00_doubling").is_symlink()
    if level == "assignment":  # the link itself is put aside
        assert handed_in(course)["mal/q00_doubling"] == "mal's"


RECEIPTS = [
    "[]",
    "3",
    '"text"',
    "[" * 30_000,
    '{"submitted": 3}',
    "{}",
    "\x00",
    '{"submitted": null, "sha256": 1}',
    '{"submitted": "2026-02-01T12:00:00Z", "sha256": 12}',
    '{"submitted": "2026-02-01T12:00:00Z"}',
]


@pytest.mark.parametrize("receipt", [*RECEIPTS, "pipe", "folder"])
def test_whatever_is_there_instead_of_a_receipt_the_submission_is_taken(course, tmp_path, receipt):
    place = course.root / "submitted" / "ada" / "q00_doubling"
    place.mkdir(parents=True)
    (place / "doubling.ipynb").write_bytes(notebook("before"))
    if receipt == "pipe":
        os.mkfifo(place / "receipt.json")
    elif receipt == "folder":
        (place / "receipt.json").mkdir()
    else:
        (place / "receipt.json").write_text(receipt)
    assert collect(course, submission(tmp_path, text="after"), NOW).outcome == "new"
    assert sorted(handed_in(course).values()) == ["after", "before"]


def test_a_file_in_the_place_of_a_students_folder_costs_that_student(course, tmp_path):
    (course.root / "submitted").mkdir()
    (course.root / "submitted" / "ada").write_text("a file")
    result = collect(course, submission(tmp_path, "a.zip"), NOW)
    assert result.outcome == "refused"
    assert "cannot be stored" in result.detail
    assert collect(course, submission(tmp_path, "b.zip", student="bob"), NOW).outcome == "new"


@pytest.mark.slow
def test_a_zip_that_takes_long_to_read_is_refused_and_the_next_is_taken(course, tmp_path, monkeypatch):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:  # each name is looked for among all others
        for number in range(60_000):
            archive.writestr(f"{number}.ipynb", b"")
        archive.writestr("receipt.json", "{}")
    with monkeypatch.context() as patch:
        patch.setattr(collecting, "READING", Limit(3, 4 << 30))
        result = collect(course, path, NOW)
    assert result.outcome == "refused"
    assert "it took more than 3 seconds" in result.detail
    assert collect(course, submission(tmp_path), NOW).outcome == "new"


def test_what_comes_from_the_process_that_reads_is_checked_once_more(tmp_path):
    data = notebook()
    good = [
        "q00",
        "work.ipynb",
        hashlib.sha256(data).hexdigest(),
        "2026-02-01T12:00:00Z",
        "ada",
        "1",
        data,
        b"{}",
    ]
    assert checked(good).student == "ada"
    wrong_parts = ["../q", "../work.ipynb", "0" * 64, "now", "../ada", None, "text", b"x" * 20_000]
    for place, wrong in enumerate(wrong_parts):
        with pytest.raises((UserError, ValueError)):
            checked([*good[:place], wrong, *good[place + 1 :]])
    for wrong in (None, [], good[:-1], [*good, 1], {"a": 1}):
        with pytest.raises(UserError, match="something else than a submission"):
            checked(wrong)


def test_a_folder_is_searched_to_its_depths(course, tmp_path):
    submission(tmp_path / "lms" / "group", "a.zip")
    submission(tmp_path / "lms", "B.ZIP", student="grace")
    found = collecting.collect(course, [tmp_path / "lms"], now=NOW)
    assert [each.outcome for each in found] == ["new", "new"]


def test_paths_that_cannot_be_meant_are_refused(course, tmp_path):
    with pytest.raises(UserError, match="no file or folder"):
        collecting.collect(course, [tmp_path / "missing"])
    (tmp_path / "nothing").mkdir()
    assert "an empty folder" in collect(course, tmp_path / "nothing").detail


def test_the_command_takes_the_good_refuses_the_bad_and_ends_with_2(course, tmp_path, capsys):
    submission(tmp_path / "in", "a.zip", at=datetime.now(UTC))
    submission(tmp_path / "in", "b.zip", student="a b")
    submission(tmp_path / "in", "c.zip", at=datetime.now(UTC), student="grace")
    assert main(["collect", str(tmp_path / "in")]) == 2
    said = capsys.readouterr()
    assert said.out == "new: ada, q00_doubling\nnew: grace, q00_doubling\n2 taken, 1 refused\n"
    (line,) = said.err.splitlines()
    assert "b.zip" in line
    assert set(handed_in(course)) == {"ada/q00_doubling", "grace/q00_doubling"}
