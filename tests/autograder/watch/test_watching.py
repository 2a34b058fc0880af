"""From a zip in the drop folder to feedback: nothing lost, nothing twice, and junk stops nobody."""

import os

import pytest

from autograder import collect
from autograder.watch import arrivals
from course_lib.commands import slips
from tests.autograder.small_course import points_by_cell, solved
from tests.autograder.watch.arriving import (
    ASSIGNMENT,
    attempt,
    drop,
    graded,
    set_up,
    slip,
    zipped,
)


def test_what_was_dropped_is_collected_graded_and_back_and_the_folder_is_empty(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    board = watched.watch()
    assert (board.returned, board.wrong) == (1, {})
    found = slip(watched.course, packed)
    assert (found.state, found.tests[0].points, found.marking) == (slips.BACK, 1.0, False)
    assert points_by_cell(watched.course, "ada")["q00_scale_hidden"] == 4.0
    assert os.listdir(watched.course.root / "drop" / "inbound") == []
    assert graded(watched.course) == ["ada"]


def test_the_same_zip_twice_is_graded_once(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "a.zip", packed)
    drop(watched.course, "b.zip", packed)
    watched.watch()
    drop(watched.course, "c.zip", packed)
    watched.watch()
    assert watched.graders.begun == ["ada"]
    assert os.listdir(watched.course.root / "drop" / "inbound") == []
    assert slip(watched.course, packed).state == slips.BACK


def test_of_two_that_wait_the_newer_is_graded_and_the_older_is_told_so(watched, starter):
    old, new = (zipped(attempt(starter, str(n)), "ada", minutes=n) for n in (1, 2))
    drop(watched.course, "a.zip", old)
    drop(watched.course, "b.zip", new)
    watched.watch()
    assert watched.graders.begun == ["ada"]
    assert slip(watched.course, old).state == slips.REPLACED
    assert slip(watched.course, new).state == slips.BACK
    kept = watched.course.root / "submitted" / collect.EARLIER / "ada" / ASSIGNMENT
    assert len(os.listdir(kept)) == 1


def test_one_that_is_older_than_what_was_graded_changes_nothing(watched, starter):
    old, new = (zipped(attempt(starter, str(n)), "ada", minutes=n) for n in (1, 2))
    drop(watched.course, "b.zip", new)
    watched.watch()
    drop(watched.course, "a.zip", old)
    watched.watch()
    assert slip(watched.course, old).state == slips.REPLACED
    assert slip(watched.course, new).state == slips.BACK
    assert watched.graders.begun == ["ada"]


def test_the_whole_class_is_served_before_a_students_second(watched, starter):
    for number, student in enumerate(("ada", "bob", "eve")):
        drop(watched.course, f"{number}.zip", zipped(attempt(starter, student), student))
    again = zipped(attempt(starter, "again"), "ada", minutes=5)
    give = watched.graders.give

    def and_once_more(assignment, task):
        if not watched.graders.begun:
            drop(watched.course, "again.zip", again)
        give(assignment, task)

    watched.graders.give = and_once_more
    watched.watch()
    assert watched.graders.begun == ["ada", "bob", "eve", "ada"]
    assert slip(watched.course, again).state == slips.BACK


def test_junk_is_named_and_left_and_stops_nobody(watched, starter):
    place = watched.course.root / "drop" / "inbound"
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "z.zip", packed)
    drop(watched.course, "line\nbreak\x1b[2J.zip", b"no zip")
    drop(watched.course, "notes.docx", b"work?")
    drop(watched.course, "half.zip", packed[: len(packed) // 2])
    other = zipped(solved(starter), "ada", assignment="q77")
    drop(watched.course, "other.zip", other)
    drop(watched.course, "future.zip", zipped(solved(starter), "ada", submitted="2400-01-01T00:00:00Z"))
    os.symlink(watched.course.root / "gradebook.db", place / "link.zip")
    os.symlink("z.zip", place / "again.zip")
    os.mkfifo(place / "pipe.zip")
    (place / "folder").mkdir()
    (place / "folder" / "in.zip").write_bytes(packed)
    board = watched.watch()
    assert slip(watched.course, packed).state == slips.BACK
    assert len(board.wrong) == 9
    assert r"line\nbreak\x1b[2J.zip" in board.wrong
    assert "a link is not followed" in board.wrong["link.zip"]
    assert "only files are taken" in board.wrong["folder"]
    assert "q77" in board.wrong["other.zip"]
    assert (slip(watched.course, other).state, "q77" in slip(watched.course, other).said) == (
        slips.REFUSED,
        True,
    )
    assert len(os.listdir(place)) == 9
    assert graded(watched.course) == ["ada"]
    text = (watched.course.root / "exports" / "watch.html").read_text("utf-8")
    assert "notes.docx" in text
    assert "\x1b" not in text + "".join(watched.said)


def test_a_zip_that_is_still_copied_is_taken_once_it_is_whole(watched, starter, monkeypatch):
    packed = zipped(solved(starter), "ada")
    path = drop(watched.course, "a.zip", packed[:500])
    looked = arrivals.Arrivals.looked_at

    def then_the_rest(self, arrival):
        looked(self, arrival)
        path.write_bytes(packed)

    monkeypatch.setattr(arrivals.Arrivals, "looked_at", then_the_rest)
    board = watched.watch()
    assert (board.wrong, board.returned) == ({}, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's file")
def test_a_file_of_another_account_counts_for_that_account_only(watched, starter):
    packed = zipped(solved(starter), "ada")
    path = drop(watched.course, "a.zip", packed)
    os.chown(path, 54321, 54321)
    board = watched.watch()
    assert "the account 'number 54321' handed it in" in board.wrong["a.zip"]
    assert slip(watched.course, packed).state == slips.REFUSED
    set_up(watched.course, "c.Watch.account = ''")
    watched.watch()
    assert slip(watched.course, packed).state == slips.BACK
