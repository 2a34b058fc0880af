"""What is sealed runs as before, cannot be read in passing, and opens to what it was, letter by letter."""

import importlib.util
import inspect
import os
import subprocess
import sys
import traceback

import numpy as np
import pytest

from autograder.sealing import seal
from course_lib import cuda
from course_lib.notebook.reference import reference
from course_lib.paths import ROOT
from course_lib.seal import unsealed

MODULE = '''\
"""A topic."""

import functools

from course_lib.notebook.reference import reference

STEP = 10
RATE = 2


def counted(function):
    """Counts calls."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        call.calls += 1
        return function(*args, **kwargs)

    call.calls = 0
    return call


@reference("Q9.1")
@counted
def scaled(x, /, *more, rate: float = RATE, **named) -> "list":
    """What is scaled.

    By a rate.
    """

    def by(v):
        return rate * v + sum(named.values())

    text = """a line
  less indented"""
    return [by(v) for v in (x, *more)] + [len(text)]


@reference("Q9.1", guard=False)
def half(x) -> float:
    """The half of x."""
    return x / RATE


class Bowl:
    """A bowl."""

    depth = 3

    @property
    @reference("Q9.1 and Q9.2")
    def level(self) -> int:
        """How deep, \\u00fc."""
        # The secret is below.
        if self.depth < 0:
            raise ValueError("a bowl of no depth")
        return self.depth * STEP  # the secret
'''
KERNELS = """\
// Doubles, and adds up.

// Twice as much.
// answers Q9.3
extern "C" __global__ void __launch_bounds__(64) twice(const float* x, float* y, int n) {
    int i = threadIdx.x;  // "}" is no end
    if (i < n) { y[i] = 2 * x[i]; }
}

extern "C" __global__ void once(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
"""


@pytest.fixture
def sealed(tmp_path):
    """A folder with a module and a file of kernels, both sealed."""
    for name, text in (("course_lib/bowls.py", MODULE), ("kernels/twice.cu", KERNELS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, "utf-8")
    seal(tmp_path)
    return tmp_path


@pytest.fixture
def bowls(sealed):
    """The sealed module."""
    spec = importlib.util.spec_from_file_location("bowls", sealed / "course_lib" / "bowls.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_of_an_answer_can_be_read_and_all_else_stays(sealed):
    python, kernels = ((sealed / name).read_text() for name in ("course_lib/bowls.py", "kernels/twice.cu"))
    for code in ("rate * v", "less indented", "x / RATE", "self.depth", "2 * x", "the secret\n", "twice("):
        assert code not in python + kernels
    for kept in ('"""What is scaled.\n', "rate: float = RATE, **named", "@counted", "depth = 3"):
        assert kept in python
    assert "// Twice as much.\n// answers Q9.3; sealed:\n//= " in kernels
    assert len(kernels.splitlines()) == len(KERNELS.splitlines())
    assert kernels.splitlines()[-1] == KERNELS.splitlines()[-1]


def test_it_opens_to_what_it_was(sealed):
    assert unsealed((sealed / "course_lib/bowls.py").read_text("utf-8")) == MODULE
    assert unsealed((sealed / "kernels/twice.cu").read_text("utf-8")) == KERNELS


def test_sealed_functions_do_what_they_did(bowls):
    assert bowls.scaled(1, 2, up=1) == [3, 5, 22]
    assert bowls.scaled(1, rate=5) == [5, 22]
    assert bowls.scaled.__wrapped__.calls == 2
    assert (bowls.Bowl().level, bowls.half(3)) == (30, 1.5)
    bowls.STEP, bowls.Bowl.depth = 7, 4  # names are looked up where the function stands
    assert bowls.Bowl().level == 28
    assert str(inspect.signature(bowls.scaled)) == "(x, /, *more, rate: float = 2, **named) -> 'list'"
    assert inspect.getdoc(bowls.scaled) == "What is scaled.\n\nBy a rate."


def test_no_tool_that_shows_source_finds_any(bowls):
    with pytest.raises(OSError, match="source"):
        inspect.getsource(bowls.scaled)
    bowls.Bowl.depth = -1
    with pytest.raises(ValueError, match="no depth") as caught:
        bowls.Bowl().level  # noqa: B018
    told = "".join(traceback.format_exception(caught.value))
    assert "<sealed level>" in told
    assert "self.depth" not in told


def test_a_sealed_answer_still_refuses_to_stand_in_for_a_students(sealed):
    program = """
import sys
sys.path.insert(0, "course_lib")
import bowls
mine = lambda function: print(function(1))
mine(bowls.half)
mine(bowls.scaled)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=sealed,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NBGRADER_EXECUTION": "autograde"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "0.5\n"
    assert "ReferenceRefused: scaled is the library's answer to Q9.1" in done.stderr


@pytest.mark.needs("compiler")
def test_sealed_kernels_run_and_a_report_shows_no_line_of_them(sealed, monkeypatch):
    monkeypatch.setattr("course_lib.cuda.module.KERNELS", sealed / "kernels")
    module = cuda.load("twice", device="host")
    x, y = np.arange(3, dtype=np.float32), np.zeros(3, dtype=np.float32)
    module["twice"](1, 64, (x, y, 3))
    assert y.tolist() == [0, 2, 4]
    report = module.inspect("twice", 1, 64, (x, y, 3))
    assert {line.line for line in report.lines} == {7}
    html = report._repr_html_()
    assert "//= " in html
    assert "x[i]" not in html + repr(report)


def test_a_seal_that_was_changed_is_named_as_such(sealed):
    path = sealed / "kernels" / "twice.cu"
    path.write_text(path.read_text().replace("//= e", "//= f", 1))
    with pytest.raises(
        ValueError, match=r"a sealed part of the course was changed \(.*\): fetch the file again"
    ):
        unsealed(path.read_text())
    with pytest.raises(ValueError, match="a sealed part of the course was changed"):
        reference("Q9.1", sealed="no seal")(lambda: None)
