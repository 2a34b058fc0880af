"""From a zip in the drop folder to feedback: nothing lost, nothing twice, and junk stops nobody."""

import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest

from autograder import collect, journal, recorder
from autograder.course import Course
from autograder.release import release
from autograder.watch import arrivals, desks, watching
from autograder.watch.watching import Watching
from course_lib.commands import slips
from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade, Result
from tests.autograder.small_course import CANARIES, make_course, points_by_cell, solved
from tests.autograder.watch.arriving import (
    ASSIGNMENT,
    AtOnce,
    Watched,
    attempt,
    drop,
    slip,
    ticket_of,
    zipped,
)


@pytest.fixture(scope="module")
def released_once(tmp_path_factory, empty_gradebook):
    course = make_course(tmp_path_factory.mktemp("watched") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    return course.root


@pytest.fixture
def watched(released_once, tmp_path, monkeypatch) -> Watched:
    """A released course whose drop folder is watched in this process."""
    monkeypatch.delenv("COURSE_DROP", raising=False)
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    monkeypatch.setattr(arrivals, "SETTLED", 0.3)
    monkeypatch.setattr(watching, "PAUSE", 0.1)
    shutil.copytree(released_once, tmp_path / "course")
    return Watched(Course(tmp_path / "course"))


def set_up(course: Course, *lines: str) -> None:
    """Add settings to the course's own file."""
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write("\nc = get_config()\n" + "\n".join(lines) + "\n")


def in_hours(hours: int) -> datetime:
    """A time as nbgrader keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=hours)


def page(course: Course, packed: bytes) -> str:
    return (course.root / "drop" / "feedback" / f"{ticket_of(packed)}.html").read_text("utf-8")


def graded(course: Course) -> list[str]:
    """The students of the journal's lines."""
    return sorted(entry.student for entry in journal.read(course, ASSIGNMENT))


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


def test_before_the_due_date_no_word_tells_what_a_hidden_test_gave(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    found, text = slip(watched.course, packed), page(watched.course, packed)
    assert (found.hidden, found.hidden_possible) == (None, 6.0)
    assert [test.name for test in found.tests] == ["q00_double_test"]
    assert "1.0 / 4.0" in text  # one visible test, and the answer in words
    assert "7.0" not in text
    assert "6.0" not in text
    assert "4.0 / 4.0" not in text
    assert "told when your instructor returns them" in text
    assert not any(canary in text for canary in CANARIES)


@pytest.mark.parametrize(
    ("due", "hidden", "told"),
    [(-2, "after due", True), (2, "after due", False), (2, "always", True), (-2, "never", False)],
)
def test_points_of_hidden_tests_are_told_when_the_setting_says(watched, starter, due, hidden, told):
    set_up(watched.course, f"c.Watch.hidden = {hidden!r}")
    with watched.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=in_hours(due))
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    assert slip(watched.course, packed).hidden == (6.0 if told else None)
    assert ("2.0 / 2.0" in page(watched.course, packed)) == told


def test_when_the_due_date_has_come_the_rest_is_told_without_grading_again(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    with watched.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=in_hours(-1))
    watched.watch()
    assert slip(watched.course, packed).hidden == 6.0
    assert watched.graders.begun == ["ada"]


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


@pytest.mark.parametrize("name", ["attempts", "attempts_a_day"])
def test_an_attempt_over_the_limit_is_kept_and_counts_but_tells_nothing(watched, starter, name):
    set_up(watched.course, f"c.Watch.{name} = 2")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(3)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert [slip(watched.course, packed).state for packed in zips] == [slips.BACK, slips.BACK, slips.HELD]
    assert watched.graders.begun == ["ada", "ada"]
    place = watched.course.root / "submitted" / "ada" / ASSIGNMENT / "doubling.ipynb"
    assert "2" in place.read_text()
    set_up(watched.course, f"c.Watch.{name} = 3")
    watched.watch()
    assert slip(watched.course, zips[2]).state == slips.BACK


def test_a_day_later_the_held_one_is_graded_whichever_way_the_clock_jumps(watched, starter, monkeypatch):
    set_up(watched.course, "c.Watch.attempts_a_day = 1")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(2)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert slip(watched.course, zips[1]).state == slips.HELD

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) - timedelta(days=400)

    monkeypatch.setattr(desks, "datetime", Clock)
    watched.watch()
    assert slip(watched.course, zips[1]).state == slips.BACK


def test_an_attempt_that_could_not_be_graded_is_none(watched, starter):
    set_up(watched.course, "c.Watch.attempts = 1")
    watched.graders.wrong["ada"] = Result(reason="it is no notebook")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(2)]
    drop(watched.course, "a.zip", zips[0])
    board = watched.watch()
    assert board.wrong == {f"ada, {ASSIGNMENT}": "it is no notebook"}
    assert (slip(watched.course, zips[0]).state, slip(watched.course, zips[0]).said) == (
        slips.FAILED,
        "it is no notebook",
    )
    watched.graders.wrong.clear()
    drop(watched.course, "a.zip", zips[1])
    watched.watch()
    assert slip(watched.course, zips[1]).state == slips.BACK


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


def test_a_second_watch_of_the_course_is_refused_in_one_line(watched):
    first = Watching(watched.course, [], AtOnce, print)
    with first._alone(), pytest.raises(UserError, match=r"Another ./course watch runs"):
        watched.watch()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.Watch.hidden = 'soon'", "c.Watch"),
        ("c.Watch.attempts = -1", "c.Watch"),
        ("c.Watch.account = '{name}'", "c.Watch.account"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(watched, line, said):
    set_up(watched.course, line)
    with pytest.raises(UserError, match=said):
        watched.watch()


def test_an_assignment_that_is_not_released_is_named_at_once(watched):
    (watched.course.root / "notebooks" / "q01").mkdir()
    shutil.copy(
        watched.course.root / "notebooks" / ASSIGNMENT / "doubling.ipynb",
        watched.course.root / "notebooks" / "q01" / "more.ipynb",
    )
    with pytest.raises(UserError, match=r"run ./course release q01 first"):
        Watching(watched.course, ["q01"], AtOnce, print)


def test_feedback_of_the_instructor_reaches_the_drop_folder_and_tells_all(watched, starter, monkeypatch):
    from course_lib.commands.cli import main

    packed = zipped(solved(starter, q00_explain="It is exact."), "ada")
    drop(watched.course, "a.zip", packed)
    watched.watch()
    assert slip(watched.course, packed).marking
    with watched.course.gradebook() as gradebook:
        grade = gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    monkeypatch.setenv("COURSE_ROOT", str(watched.course.root))
    assert main(["feedback", ASSIGNMENT]) == 0
    found = slip(watched.course, packed)
    assert (found.hidden, found.marking) == (6.0, False)
    assert "2.5 / 3.0" in page(watched.course, packed)
    watched.watch()
    assert slip(watched.course, packed) == found


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


def test_a_newer_one_takes_the_place_of_one_that_is_held_back(watched, starter):
    set_up(watched.course, "c.Watch.attempts_a_day = 1")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(3)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert [slip(watched.course, packed).state for packed in zips] == [slips.BACK, slips.REPLACED, slips.HELD]
