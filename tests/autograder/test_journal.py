"""The journal of grading: nothing written is lost, and nothing damaged is believed."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import journal
from autograder.course import Course

ENTRY = journal.Entry(
    student="zoë",
    assignment="q00_doubling",
    notebook_sha256="1" * 64,
    tests_sha256="2" * 64,
    state=journal.GRADED,
    reason="",
    points={"q00_double_test": 0.5, "q00_double_hidden": None},
    messages={"q00_double_test": "größer als 0\nand a lone surrogate: \ud800"},
    flags=["q00_double_test was changed"],
    seconds=0.25,
    at="2026-01-31T12:00:00+00:00",
    by="./course grade",
    executed_sha256="3" * 64,
)


def test_entries_come_back_as_they_were_in_their_order(tmp_path):
    course = Course(tmp_path)
    entries = [replace(ENTRY, student=name) for name in ("ada", "zoë", "ada")]
    journal.append(course, "q00_doubling", entries[:1])
    journal.append(course, "q00_doubling", entries[1:])
    assert journal.read(course, "q00_doubling") == entries
    assert journal.read(course, "q01") == []


@given(cut=st.integers(min_value=0))
def test_a_journal_cut_off_anywhere_keeps_every_whole_line_and_takes_more(tmp_path_factory, cut):
    course = Course(tmp_path_factory.mktemp("course"))
    entries = [replace(ENTRY, seconds=float(number)) for number in range(3)]
    journal.append(course, "q00", entries)
    file = journal.path(course, "q00")
    data = file.read_bytes()
    cut %= len(data) + 1
    file.write_bytes(data[:cut])
    kept = journal.read(course, "q00")
    whole = data[:cut].count(b"\n")
    # A line that lacks nothing but its end says all it had to say.
    assert kept == entries[: len(kept)]
    assert whole <= len(kept) <= whole + 1
    journal.append(course, "q00", [ENTRY])
    assert journal.read(course, "q00") == [*kept, ENTRY]


@given(place=st.integers(min_value=0), byte=st.integers(0, 255))
def test_a_changed_byte_never_changes_a_result(tmp_path_factory, place, byte):
    course = Course(tmp_path_factory.mktemp("course"))
    journal.append(course, "q00", [ENTRY, ENTRY])
    file = journal.path(course, "q00")
    data = bytearray(file.read_bytes())
    data[place % len(data)] = byte
    file.write_bytes(data)
    assert all(entry == ENTRY for entry in journal.read(course, "q00"))


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    course = Course(tmp_path)
    journal.append(course, "q00", [ENTRY])
    before = journal.path(course, "q00").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            journal.append(course, "q00", [ENTRY])
    assert journal.path(course, "q00").read_bytes() == before
    journal.append(course, "q00", [ENTRY])
    assert journal.read(course, "q00") == [ENTRY, ENTRY]
