"""What lies in a folder is looked at when it is new, once more when it stands still, and taken away once."""

import os

import pytest

from autograder.watch import arrivals
from autograder.watch.arrivals import Arrivals


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    monkeypatch.setattr(arrivals, "REST", 0)


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(arrivals.time, "monotonic", lambda: Clock.now)
    return Clock


def names(place: Arrivals) -> list[str]:
    return [arrival.path.name for arrival in place.new()]


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path):
    place = Arrivals(tmp_path / "later")
    assert place.new() == []
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a.zip").write_bytes(b"1")
    assert names(place) == ["a.zip"]


def test_those_that_were_written_first_come_first(tmp_path):
    for number, name in enumerate(("c", "a", "b")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (number, number))
    assert names(Arrivals(tmp_path)) == ["c", "a", "b"]


def test_what_is_still_written_is_looked_at_again_when_it_changes_and_when_it_stands_still(tmp_path, clock):
    place, path = Arrivals(tmp_path), tmp_path / "a.zip"
    path.write_bytes(b"half")
    (first,) = place.new()
    assert not first.settled
    place.looked_at(first)
    assert place.new() == []
    path.write_bytes(b"all of it")
    (second,) = place.new()
    place.looked_at(second)
    clock.now += arrivals.SETTLED
    (third,) = place.new()
    assert third.settled
    assert place.unsettled()
    place.looked_at(third)
    assert place.new() == []
    assert not place.unsettled()


def test_what_is_not_to_blame_is_looked_at_again_and_again(tmp_path, clock):
    place = Arrivals(tmp_path)
    (tmp_path / "a.zip").write_bytes(b"1")
    for _ in range(3):
        (arrival,) = place.new()
        place.again(arrival)
        assert place.new() == []
        clock.now += arrivals.SETTLED


def test_what_was_taken_is_gone_and_what_replaced_it_meanwhile_is_new(tmp_path):
    place, path = Arrivals(tmp_path), tmp_path / "a.zip"
    path.write_bytes(b"1")
    (taken,) = place.new()
    path.write_bytes(b"another")
    place.take_away(taken)
    (kept,) = place.new()
    assert kept.path.read_bytes() == b"another"
    place.take_away(kept)
    assert os.listdir(tmp_path) == []


def test_a_file_that_a_kill_has_left_between_taken_and_gone_is_an_arrival(tmp_path):
    (tmp_path / f"{arrivals.TAKEN}0123.zip").write_bytes(b"1")
    (tmp_path / ".a.zip.x.part").write_bytes(b"still written by ./course submit")
    assert names(Arrivals(tmp_path)) == [f"{arrivals.TAKEN}0123.zip"]


def test_what_cannot_be_removed_is_looked_at_once(tmp_path, monkeypatch):
    place = Arrivals(tmp_path)
    (tmp_path / "a.zip").write_bytes(b"1")
    (arrival,) = place.new()

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(arrivals.os, "rename", refuse)
    place.take_away(arrival)
    assert place.new() == []


def test_a_folder_that_takes_long_to_look_at_is_looked_at_seldom(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(arrivals, "REST", 20)
    look = os.scandir

    def slow(folder):
        clock.now += 1.0
        return look(folder)

    monkeypatch.setattr(arrivals.os, "scandir", slow)
    (tmp_path / "a.zip").write_bytes(b"1")
    place = Arrivals(tmp_path)
    assert names(place) == ["a.zip"]
    clock.now += 18.0
    assert names(place) == []
    clock.now += 1.5
    assert names(place) == ["a.zip"]
