"""`./course doctor` tells what is missing, and nothing it probes can make it fail."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
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


def found(name: str) -> doctor.Check:
    (check,) = [check for check in doctor.checks() if check.name == name]
    return check


def without(*prefixes: str):
    """importlib.metadata's version() where packages of these names are not installed."""

    def asked(name: str) -> str:
        if name.startswith(prefixes):
            raise PackageNotFoundError(name)
        return version(name)

    return asked


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """nvidia_smi(line) puts a program of that name in front of the PATH that prints the line."""

    def make(line: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\necho '{line}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return make


@pytest.mark.parametrize("system", ["Linux", "Windows"])
def test_the_command_that_installs_the_gpu_extra_is_printed_as_it_must_be_typed(monkeypatch, capsys, system):
    monkeypatch.setattr(doctor, "version", without("nvidia"))
    monkeypatch.setattr(doctor.platform, "system", lambda: system)
    monkeypatch.setattr(doctor, "_sandbox", lambda: doctor.Check("Sandbox", "not asked"))
    monkeypatch.setenv("COLUMNS", "300")
    doctor.print_checks()
    assert (
        f'to mend: {sys.executable} -m pip install -c constraints.txt -e ".[gpu]"' in capsys.readouterr().out
    )


def test_a_mac_is_not_told_to_install_what_nvidia_does_not_make_for_it(monkeypatch):
    monkeypatch.setattr(doctor, "version", without("nvidia"))
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    assert found("NVRTC").mend == ""


def test_a_driver_that_is_too_old_for_cuda_13_is_named_with_the_oldest_that_is_not(nvidia_smi):
    nvidia_smi("NVIDIA T4, 15360 MiB, 535.183.01")
    assert found("NVIDIA GPU").mend == "driver 535.183.01 is too old for CUDA 13: install 580 or newer"


def test_a_driver_for_cuda_13_and_the_gpus_name_are_shown(nvidia_smi):
    nvidia_smi("NVIDIA H200, 143771 MiB, 580.95.05")
    assert found("NVIDIA GPU") == doctor.Check("NVIDIA GPU", "NVIDIA H200, 143771 MiB, 580.95.05")


@pytest.mark.needs("compiler")
def test_a_kernel_has_run_before_kernels_are_said_to_work():
    assert found("Kernels").found in ("one has run on the CPU", "one has run on the GPU")


def test_a_compiler_that_is_there_and_broken_is_a_lack(tmp_path):
    program = tmp_path / "g++"
    program.write_text("#!/bin/sh\necho 'cc1plus: cannot execute [really]' >&2\nexit 1\n")
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", "doctor"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}", "COURSE_CACHE": str(tmp_path), "COURSE_DEVICE": "host"},
        capture_output=True,
        text=True,
    )
    assert "one has run" not in done.stdout
    assert "reinstall the C++ compiler" in done.stdout
    assert "Missing for the course: Kernels" in done.stdout
    assert done.returncode == 1


def test_a_kernel_with_a_wrong_result_is_a_lack(monkeypatch):
    from course_lib import cuda

    class Idle:
        """A device that accepts every launch and does nothing."""

        device = "gpu"
        array = numpy = staticmethod(lambda values: values)

        def __getitem__(self, name):
            return lambda *launch: None

    monkeypatch.setattr(cuda, "available", lambda: "gpu")
    monkeypatch.setattr(cuda, "load", lambda name: Idle())
    check = found("Kernels")
    assert check.found == "cannot run: a kernel returned a wrong result"
    assert "COURSE_DEVICE=host" in check.mend


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


@pytest.mark.needs("sandbox")
def test_each_wall_behind_the_namespaces_has_a_line():
    names = [check.name for check in doctor.checks()]
    place = names.index("Sandbox")
    assert names[place : place + 4] == ["Sandbox", "Seccomp", "Landlock", "Control group"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody grades")
def test_an_autograder_that_does_not_answer_is_a_line(monkeypatch):
    monkeypatch.setattr(doctor.sys, "executable", "/nowhere/python")
    (check,) = doctor._walls()
    assert check.found == "cannot tell (FileNotFoundError)"
    assert check.mend == "run /nowhere/python -m autograder.walls"
