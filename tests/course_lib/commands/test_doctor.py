"""`./course doctor` tells what is missing, and nothing it probes can make it fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.commands import doctor

ROOT = Path(__file__).resolve().parents[3]


def test_every_line_that_lacks_something_says_how_to_mend_it(capsys):
    status = doctor.print_checks()
    printed = capsys.readouterr().out
    for check in doctor.checks():
        assert check.name in printed
        assert check.found
    assert status in (0, 1)
    assert "cannot tell" not in printed


def test_a_machine_without_a_compiler_gets_the_two_ways_to_have_one(tmp_path):
    # An empty PATH hides every compiler, browser and nvidia-smi.
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", "doctor"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "CXX": ""},
        capture_output=True,
        text=True,
    )
    assert "apt install g++" in done.stdout
    assert "ziglang" in done.stdout
    assert "Missing for the course: Kernels" in done.stdout
    assert done.returncode == 1


def test_a_probe_that_raises_is_a_line_and_not_a_traceback(monkeypatch):
    monkeypatch.setattr(doctor, "_disk", lambda: 1 / 0)
    disk = list(doctor.checks())[-1]
    assert disk.name == "Disk"
    assert "ZeroDivisionError" in disk.found


@pytest.mark.needs("sandbox")
def test_the_sandbox_line_lists_every_namespace_where_all_are_allowed():
    (check,) = [check for check in doctor.checks() if check.name == "Sandbox"]
    assert check.found == "namespaces: user, mount, pid, network, ipc"
    assert check.mend == ""
