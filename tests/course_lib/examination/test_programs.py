"""What a cell starts by ! is shown as it prints, ends with the cell, and needs no terminal."""

import os
import signal
import time

import pytest

from course_lib.examination import programs


def shown(command: str) -> tuple[str, int]:
    parts: list[str] = []
    status = programs.run(command, parts.append)
    return "".join(parts), status


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo one; echo two >&2", ("one\ntwo\n", 0)),
        ("exit 3", ("", 3)),
        ("kill -9 $$", ("", -9)),
        ("sh -c 'kill -9 $$'", None),
        ("no_such_program_here", None),
        ("printf 'gr\\303\\266\\303'", ("grö\ufffd", 0)),
        ('cat; read line; echo "$line."', (".\n", 0)),
    ],
)
def test_both_streams_are_shown_and_the_status_is_kept(command, expected):
    found = shown(command)
    if expected is None:
        assert found[1] != 0
    else:
        assert found == expected


def test_a_character_that_two_parts_share_is_one(monkeypatch):
    monkeypatch.setattr(programs, "PART", 1)
    assert shown("printf 'größer'") == ("größer", 0)


def test_what_the_command_leaves_running_holds_up_nobody():
    started = time.monotonic()
    said, status = shown("sleep 60 & echo $!")
    os.kill(int(said), signal.SIGKILL)  # it runs on
    assert status == 0
    assert time.monotonic() - started < 50


def test_a_cell_that_is_over_ends_its_programs():
    pid = []

    def show(text):
        pid.append(int(text))
        raise TimeoutError

    with pytest.raises(TimeoutError):
        programs.run("echo $$; exec sleep 30", show)
    with pytest.raises(ProcessLookupError):
        os.kill(pid[0], 0)


@pytest.mark.parametrize("shell", ["/bin/sh", ""])
def test_the_shell_is_the_students_own_or_any(monkeypatch, shell):
    monkeypatch.setenv("SHELL", shell)
    assert shown("echo $0")[1] == 0
