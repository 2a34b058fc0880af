"""The joined command line: one line and status 2 for what a user got wrong, a traceback only with --debug."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.commands import cli
from course_lib.commands.cli import main
from course_lib.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
STUDENT = {"lab", "test", "doctor", "check", "submit", "progress", "feedback", "demo", "bench"}
INSTRUCTOR = {"teach", "release", "collect", "grade", "watch", "report", "feedback", "export", "students"}


def course(*words: str, python: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, *python, "-m", "course_lib", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


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
        (("bench", "labpage"), "There is no benchmark 'labpage'"),  # a module that benchmarks use
    ],
)
def test_a_users_mistake_is_one_line_with_status_2(words, says):
    done = course(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_benchmark_whose_package_only_the_tests_bring_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert main(["bench", "ui"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "./course bench ui drives a browser through the package playwright" in line
    assert "pip install -c constraints.txt playwright" in line


def test_without_a_part_the_kernels_are_measured_which_every_edition_can(monkeypatch):
    started = []

    def run(command, **_):
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(cli.subprocess, "run", run)
    assert main(["bench"]) == 0
    assert started == [[sys.executable, "-m", "benchmarks.kernels"]]


@pytest.mark.parametrize(("words", "device"), [(["lab"], ""), (["lab", "--cpu"], "host")])
def test_cpu_keeps_the_notebooks_kernels_off_the_gpu(monkeypatch, words, device):
    monkeypatch.setenv("COURSE_DEVICE", "")
    monkeypatch.setattr("course_lib.commands.workspace.prepare", list)
    seen = []

    def run_lab(*_, options):
        seen.append((os.environ["COURSE_DEVICE"], options))

    monkeypatch.setattr("course_lib.commands.servers.run_lab", run_lab)
    assert main(words) == 0
    assert seen == [(device, [])]


def test_a_taken_port_is_one_line_that_names_it_before_anything_is_prepared(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = course("lab", "--no-browser", "--port", port)
    assert done.returncode == 2
    assert done.stderr.strip() == f"course: Port {port} is in use; choose another with --port."
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where_a_mistake_was_noticed():
    done = course("check", "q99_nothing", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_an_unknown_command_is_refused_with_status_2():
    assert course("fly").returncode == 2


def test_a_terminal_that_lacks_a_character_shows_another_for_it():
    done = course("check", "q99…", PYTHONIOENCODING="latin-1")
    assert done.returncode == 2
    assert "There is no assignment 'q99?'" in done.stderr


def test_a_python_that_leaves_out_assertions_is_refused_since_every_test_would_pass():
    done = course("check", "q02_quantization", python=("-O",))
    assert done.returncode == 2
    assert "leaves out the assertions of all tests" in done.stderr


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EACCES", "EROFS"])
def test_a_folder_that_cannot_be_written_is_one_line_that_names_it(monkeypatch, capsys, number):
    number = getattr(errno, number)

    def full(*_, **__):
        raise OSError(number, os.strerror(number), "/home/ada/workbook")

    monkeypatch.setattr(cli, "joined", lambda *_: full)
    assert main(["doctor"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"course: /home/ada/workbook cannot be used ({os.strerror(number)}); ./course doctor"
    )


def test_other_errors_of_the_system_are_unexpected_still(monkeypatch, capsys):
    def broken(*_, **__):
        raise OSError(errno.EIO, "Input/output error", "/home/ada/workbook")

    monkeypatch.setattr(cli, "joined", lambda *_: broken)
    assert main(["doctor"]) == 1
    assert "unexpected OSError" in capsys.readouterr().err


def test_with_an_installation_for_several_accounts_lines_say_the_command_on_the_path(monkeypatch, capsys):
    def refused(*_, **__):
        raise UserError("There is no notebook; ./course lab brings it.")

    monkeypatch.setattr(cli, "joined", lambda *_: refused)
    monkeypatch.setattr(cli, "is_shared", lambda: True)
    assert main(["check"]) == 2
    assert capsys.readouterr().err == "course: There is no notebook; course lab brings it.\n"


def test_a_package_that_a_shared_installation_lacks_is_its_owners_to_add(monkeypatch, capsys):
    def lacks(*_, **__):
        raise ModuleNotFoundError("No module named 'tomorrow'", name="tomorrow")

    monkeypatch.setattr(cli, "joined", lambda *_: lacks)
    assert main(["doctor"]) == 1
    assert "unexpected ModuleNotFoundError" in capsys.readouterr().err
    monkeypatch.setattr(cli, "is_shared", lambda: True)
    assert main(["doctor"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"lacks tomorrow; {ROOT.owner()}, to whom it belongs, must run {ROOT / 'course'} doctor" in line


def test_benchmarks_that_write_pages_of_the_course_ask_for_a_copy_of_ones_own(monkeypatch, capsys):
    monkeypatch.setattr(cli, "is_shared", lambda: True)
    assert main(["bench", "serving"]) == 2
    assert "run it in a copy of your own" in capsys.readouterr().err
