"""The launcher: what a person reads when the machine is not ready, with real pip and real processes."""

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def course():
    loader = importlib.machinery.SourceFileLoader("course_launcher", str(ROOT / "course"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def bare_copy(tmp_path):
    """A folder with what the launcher reads, as right after a clone, with a space in its path."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in ("course", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def run(folder: Path, before: str = "pass", **environment: str) -> subprocess.CompletedProcess:
    start = "runpy.run_path('course', run_name='__main__')"
    code = f"import runpy, sys; sys.argv = ['course', 'lab']; {before}; {start}"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def one_line(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_an_old_python_without_a_newer_one_is_told_which_is_needed(course, monkeypatch):
    monkeypatch.setattr(course.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(course, "find_newer_python", lambda: None)
    with pytest.raises(course.Stop, match=r"This is Python 3\.8; the course needs 3\.11 or newer"):
        course.main(["lab"])


def test_the_launcher_parses_under_the_grammar_of_old_pythons():
    import ast

    ast.parse((ROOT / "course").read_text(), feature_version=(3, 7))


def test_a_missing_venv_module_is_named_with_the_package_that_brings_it(bare_copy):
    line = one_line(run(bare_copy, "sys.modules['ensurepip'] = None"))
    assert "apt install python3-venv" in line


def test_a_nearly_full_disk_is_said_before_anything_is_installed(bare_copy):
    before = "import shutil; shutil.disk_usage = lambda path: type('U', (), {'free': 1e9})"
    line = one_line(run(bare_copy, before))
    assert "1.0 GB free" in line
    assert not (bare_copy / ".venv").exists()


def test_a_dead_network_is_one_line_and_leaves_no_stamp_so_a_second_run_continues(bare_copy):
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    line = one_line(run(bare_copy, **nowhere))
    assert "the network is down or blocked" in line
    assert not (bare_copy / ".venv" / "course-installed.json").exists()
    # The second run finds the environment of the first and goes on to pip at once.
    made = (bare_copy / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    assert "the network is down" in one_line(run(bare_copy, **nowhere))
    assert (bare_copy / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "WARNING: Retrying ... NewConnectionError: [Errno -3] Temporary failure in name resolution",
            "network",
        ),
        ("ERROR: Cannot install course-lib and torch because of conflicts\n", "because of conflicts"),
    ],
)
def test_what_pip_prints_becomes_the_line_that_tells_what_to_do(course, log, says):
    assert says in course.reason(log)


def test_a_changed_pyproject_makes_the_next_command_install_again(course, monkeypatch, tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(course, "ROOT", str(tmp_path))
    before = course.wanted()
    (tmp_path / "constraints.txt").write_text("two")
    assert course.wanted() != before
