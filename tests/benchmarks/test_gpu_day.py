"""A GPU day finds every test for a GPU on a machine that has hardly a package, and says what went wrong."""

import os
import re
import shlex
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a GPU day is for Linux")
SCRIPT = ROOT / "benchmarks" / "gpu_day.sh"
THERE = ("numpy", "torch", "pytest", "cupy-cuda13x")
# In place of a Python with a GPU: it finds nothing lacking, does with the tests what it is told, and has a
# benchmark that fails.
STAND_IN = """#!/bin/sh
case "$2" in
    pytest) shift 2; exec {tests} "$@" ;;
    benchmarks.kernels) echo "out of memory"; exit 3 ;;
esac
"""
PYTHON = shlex.quote(sys.executable)
COLLECT = f"{PYTHON} -m pytest --collect-only"
# Packages that are installed here are hidden as if they were not.
HIDING = """
import sys
from importlib.machinery import PathFinder


class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {hidden} else super().find_spec(name, path, target)


sys.meta_path = [Bare if finder is PathFinder else finder for finder in sys.meta_path]
"""


def needed_by(packages) -> set[str]:
    """The distributions, and all that they need in turn."""
    found, waiting = set(), [canonicalize_name(name) for name in packages]
    while waiting:
        if (name := waiting.pop()) in found:
            continue
        found.add(name)
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        wanted = [Requirement(line) for line in lines]
        waiting += [
            canonicalize_name(r.name) for r in wanted if not r.marker or r.marker.evaluate({"extra": ""})
        ]
    return found


def modules_of_other_packages(packages) -> set[str]:
    """Names that one can import here and could not where only `packages` and what they need is installed."""
    there = needed_by(packages)
    return {
        module
        for module, owners in metadata.packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & there and not (ROOT / module).exists()
    }


@pytest.fixture
def gpu_day(tmp_path):
    """Runs the script with a stand-in for a Python with a GPU that lacks the modules `hidden`."""

    def run(hidden, tests=COLLECT):
        stand_in, hiding = tmp_path / "python", tmp_path / "hiding"
        stand_in.write_text(STAND_IN.format(tests=tests))
        stand_in.chmod(0o755)
        hiding.mkdir()
        (hiding / "sitecustomize.py").write_text(HIDING.format(hidden=sorted(hidden)))
        environment = {**os.environ, "PYTHON": str(stand_in), "PYTHONPATH": str(hiding)}
        done = subprocess.run(
            [SCRIPT, "results"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240
        )
        return done, tmp_path / "results"

    return run


def cases(log: str) -> list[str]:
    return sorted(line for line in log.splitlines() if re.match(r"tests/\S+\.py::", line))


@pytest.mark.slow
def test_every_test_for_a_gpu_is_collected_where_only_four_packages_are(gpu_day):
    hidden = modules_of_other_packages(THERE)
    assert {"hypothesis", "typer", "rich", "scipy", "plotly", "IPython", "msgpack", "xdist"} <= hidden
    done, results = gpu_day(hidden)
    collect = ["-m", "pytest", "--collect-only", "-q", "-m", "gpu", "--all", "-p", "no:cacheprovider"]
    everywhere = subprocess.run(
        [sys.executable, *collect],
        cwd=ROOT,
        env={**os.environ, "COURSE_REQUIRE": "gpu"},
        capture_output=True,
        text=True,
    )
    wanted = cases(everywhere.stdout)
    assert len(wanted) > 600, everywhere.stdout[-2000:]
    assert cases((results / "tests.log").read_text()) == wanted
    _, tests, benchmark = (results / "summary.txt").read_text().splitlines()
    assert re.match(r"tests +ok .*not collected: none$", tests)
    # The step that failed is named, and the others ran.
    assert re.match(r"benchmark +failed \(status 3\) +out of memory$", benchmark)
    assert done.returncode == 1


def test_a_file_that_cannot_be_imported_is_named_and_counts_as_a_failure(gpu_day):
    done, results = gpu_day({"torch"})
    tests = (results / "summary.txt").read_text().splitlines()[1]
    assert tests.startswith("tests      failed")
    named = tests.split("not collected: ")[1].split()
    assert "tests/kernels/test_softmax.py" in named
    assert "tests/kernels/test_reduce.py" not in named
    assert any("test_reduce.py::" in case for case in cases((results / "tests.log").read_text()))
    assert done.returncode == 1


def test_what_could_not_run_is_said_and_is_no_success(gpu_day):
    done, results = gpu_day((), f"env -u COURSE_REQUIRE CUDA_VISIBLE_DEVICES= {PYTHON} -m pytest")
    tests = (results / "summary.txt").read_text().splitlines()[1]
    assert tests.startswith("tests      failed")
    assert "; not run: needs gpu: " in tests
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("python", "line"),
    [
        (sys.executable, r"gpu_day: (CuPy sees no GPU here|\S+ lacks cupy)\b.*"),
        ("/nowhere/python", r"gpu_day: /nowhere/python does not run; name .*"),
    ],
)
def test_without_a_gpu_or_a_python_one_line_says_so_and_nothing_is_written(python, line, tmp_path):
    environment = {**os.environ, "PYTHON": python, "CUDA_VISIBLE_DEVICES": "", "OUT": str(tmp_path / "out")}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(line, done.stderr.removesuffix("\n"))
    assert not (tmp_path / "out").exists()
