import os
import subprocess
import sys

import numpy
import pytest

from course_lib import cuda
from course_lib.notebook.machine import cores, machine, machine_line


def test_the_machine_is_told_with_the_versions_that_matter():
    told = machine()
    assert told["cores"] == cores() >= 1
    assert told["processor"]
    assert told["versions"]["numpy"] == numpy.__version__
    assert {"torch", "course-lib", "scikit-learn"} <= told["versions"].keys()
    assert (told["gpu"] is not None) == (told["kernels"] == "gpu")


@pytest.mark.parametrize(
    ("available", "count", "line"),
    [
        ("host", 2, "host kernels, 2 cores"),
        ("host", 1, "host kernels, 1 core"),
        (None, 4, "no kernels (see ./course doctor), 4 cores"),
    ],
)
def test_the_line_says_where_kernels_run(available, count, line, monkeypatch):
    monkeypatch.setattr(cuda, "available", lambda: available)
    monkeypatch.setattr("course_lib.notebook.machine.cores", lambda: count)
    assert machine_line() == line


@pytest.mark.gpu
def test_the_line_is_the_gpus_name_where_there_is_one():
    import cupy

    assert machine_line() == machine()["gpu"] == cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system cannot confine a process to cores"
)
def test_only_cores_this_process_may_use_are_counted():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from course_lib.notebook.machine import cores; print(cores())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "1"
