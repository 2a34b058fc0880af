"""The joined command line: one line and status 2 for what a user got wrong, a traceback only with --debug."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STUDENT = {"lab", "test", "doctor", "check", "submit", "demo", "bench"}
INSTRUCTOR = {"teach", "release", "collect", "grade", "report", "feedback", "export"}


def course(*words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "course_lib", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_help_lists_every_command_of_students_lecturers_and_instructors():
    done = course("--help")
    assert done.returncode == 0
    assert {name for name in STUDENT | INSTRUCTOR if f" {name} " not in done.stdout} == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "q99_nothing"), "There is no assignment 'q99_nothing'; there are: "),
        (("submit", "../secrets"), "There is no assignment '../secrets'"),
        (("demo", "nothing"), "There is no demo 'nothing'; there are: "),
        (("bench", "nothing"), "There is no benchmark 'nothing'"),
    ],
)
def test_a_users_mistake_is_one_line_with_status_2(words, says):
    done = course(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_one_line_that_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = course("lab", "--no-browser", "--port", port)
    assert done.returncode == 2
    assert done.stderr.strip() == f"course: Port {port} is in use; choose another with --port."


def test_debug_shows_where_a_mistake_was_noticed():
    done = course("check", "q99_nothing", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_an_unknown_command_is_refused_with_status_2():
    assert course("fly").returncode == 2
