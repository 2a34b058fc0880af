"""A measurement on one core holds what it starts there, and gives the other cores back."""

import subprocess
import sys

import pytest

from benchmarks.one_core import one_core
from course_lib.notebook.machine import cores


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can hold a process to a core")
def test_one_core_holds_children_too_and_gives_the_others_back():
    before, program = cores(), "from course_lib.notebook.machine import cores; print(cores())"
    with one_core():
        answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert (cores(), answer.stdout) == (1, "1\n")
    assert cores() == before
