"""Disks, gradebooks, graders and folders that fail while a watch works: nothing is lost or graded twice."""

import os
import sqlite3
import threading

import pytest

from autograder import collect, journal, recorder
from autograder.watch import watching
from course_lib.commands import slips
from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade, Result
from tests.autograder.small_course import solved
from tests.autograder.watch.arriving import (
    ASSIGNMENT,
    attempt,
    drop,
    graded,
    slip,
    zipped,
)


def test_a_zip_replaced_while_it_is_stored_is_not_lost(watched, starter, monkeypatch):
    first, second = (zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(2))
    path = drop(watched.course, "a.zip", first)
    store, calls = collect.store, []

    def replaced(*arguments):
        found = store(*arguments)
        if not calls:
            calls.append(path.write_bytes(second))
        return found

    monkeypatch.setattr(collect, "store", replaced)
    watched.watch()
    assert slip(watched.course, second).state == slips.BACK
    assert os.listdir(path.parent) == []


def test_a_time_out_that_others_caused_is_graded_alone_before_it_counts(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "a.zip", packed)
    drop(watched.course, "b.zip", zipped(solved(starter), "bob"))
    watched.graders.wrong["ada"] = Result(reason="", points={}, held_up=True)
    answers = watched.graders.answers

    def once(seconds):
        found = answers(seconds)
        watched.graders.wrong.clear()
        return found

    watched.graders.answers = once
    watched.watch()
    assert sorted(watched.graders.begun) == ["ada", "ada", "bob"]
    (entry,) = [entry for entry in journal.read(watched.course, ASSIGNMENT) if entry.student == "ada"]
    assert "this is the run alone" in entry.flags[0]
    assert slip(watched.course, packed).state == slips.BACK


def test_a_full_disk_is_said_and_nothing_is_lost_or_graded_twice(watched, starter, monkeypatch):
    packed = [zipped(attempt(starter, name), name) for name in ("ada", "bob")]
    for number, data in enumerate(packed):
        drop(watched.course, f"{number}.zip", data)
    targets = [(collect, "write"), (journal, "append"), (recorder, "write_atomically")]
    with monkeypatch.context() as patched:
        for owner, name in targets:

            def full(*_, **__):
                raise OSError(28, "No space left on device", "somewhere")

            patched.setattr(owner, name, full)
            if owner is collect:
                assert all("No space left" in said for said in watched.watch().wrong.values())
            else:
                with pytest.raises(UserError, match="No space left"):
                    watched.watch()
            patched.undo()
    watched.watch()
    assert [slip(watched.course, data).state for data in packed] == [slips.BACK] * 2
    assert graded(watched.course) == ["ada", "bob"]


def test_a_gradebook_that_is_held_for_a_while_is_waited_for(watched, starter, monkeypatch):
    monkeypatch.setattr(watching, "GLANCE", 0.05)
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "a.zip", packed)
    other = sqlite3.connect(watched.course.root / "gradebook.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(2.0, other.rollback)
    done.start()
    watched.watch()
    done.join()
    other.close()
    assert slip(watched.course, packed).state == slips.BACK
    assert graded(watched.course) == ["ada"]


def test_where_nothing_can_be_graded_the_next_run_takes_up_what_waits(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "a.zip", packed)
    answers = watched.graders.answers

    def cannot(_seconds):
        if watched.graders.in_work():
            raise CannotGrade("no namespaces here")
        return []

    watched.graders.answers = cannot
    with pytest.raises(UserError, match="no namespaces here"):
        watched.watch()
    assert slip(watched.course, packed).state == slips.WAITING
    watched.graders.answers = answers
    watched.watch()
    assert slip(watched.course, packed).state == slips.BACK


def test_while_another_command_grades_the_assignment_it_waits_and_grades_nothing_twice(watched, starter):
    from autograder.grade import recording
    from autograder.released import find_released

    packed = zipped(solved(starter), "ada")
    drop(watched.course, "a.zip", packed)
    known = find_released(watched.course, ASSIGNMENT)
    inside, over = threading.Event(), threading.Event()

    def other():
        with recording(watched.course, ASSIGNMENT, known, lambda: None):
            inside.set()
            over.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(60)
    threading.Timer(1.0, over.set).start()
    watched.watch()
    thread.join()
    assert over.is_set()
    assert slip(watched.course, packed).state == slips.BACK


def test_a_student_whose_folder_cannot_be_written_stops_nobody(watched, starter):
    zips = {name: zipped(attempt(starter, name), name) for name in ("ada", "bob", "eve")}
    for name, packed in zips.items():
        drop(watched.course, f"{name}.zip", packed)
    for folder, student in (("autograded", "ada"), ("submitted", "bob")):
        (watched.course.root / folder).mkdir(exist_ok=True)
        (watched.course.root / folder / student).write_text("a file in the place of a folder")
    board = watched.watch()
    assert slip(watched.course, zips["eve"]).state == slips.BACK
    assert "File exists" in board.wrong["ada, q00_doubling"] + board.wrong["bob.zip"]
    assert slip(watched.course, zips["ada"]).state == slips.WAITING
    assert os.listdir(watched.course.root / "drop" / "inbound") == ["bob.zip"]
    for folder, student in (("autograded", "ada"), ("submitted", "bob")):
        (watched.course.root / folder / student).unlink()
    watched.watch()
    assert {slip(watched.course, packed).state for packed in zips.values()} == {slips.BACK}
    assert graded(watched.course) == ["ada", "bob", "eve"]
