"""Launches as forks end as launches with a program of their own do, and none hinders the next."""

import os
from pathlib import Path

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda.module import Module
from tests import launches

pytestmark = pytest.mark.needs("compiler")
KERNEL = 'extern "C" __global__ void k(float* x, int n) {{ {} }}\n'


def _launched(body: str, seconds: float = 60.0) -> list[float]:
    x = np.zeros(2, np.float32)
    Module(KERNEL.format(body), "kernel.cu", "host", time_limit=seconds)["k"](1, 1, (x, 0))
    return x.tolist()


@pytest.mark.parametrize(("body", "seconds", "said"), [
    ("x[(1ll << 40) + n] = 1;", 60.0, "touched memory outside of every array"),
    ("x[0] = 7 % n;", 60.0, "divided an integer by zero"),
    ("while (n == 0) __threadfence();", 0.5, "did not end within 0.5 s"),
])  # fmt: skip
def test_a_launch_that_crashes_or_does_not_end_says_so_and_the_next_one_runs(body, seconds, said):
    with pytest.raises(cuda.KernelError, match=said):
        _launched(body, seconds)
    origin = launches._kept[0]._process.pid
    assert _launched("x[0] = 2; x[1] = 3;") == [2, 3]
    assert launches._kept[0]._process.pid == origin
    assert not Path(f"/proc/{origin}/task/{origin}/children").read_text()


def test_a_fork_of_a_process_that_launches_has_an_origin_of_its_own():
    assert _launched("x[0] = 1;") == [1, 0]
    fork = os.fork()
    if fork == 0:
        theirs = launches._kept[0]
        right = _launched("x[0] = 2;") == [2, 0] and launches._kept[0] is not theirs
        os._exit(0 if right else 1)
    assert os.waitpid(fork, 0)[1] == 0
    assert _launched("x[0] = 3;") == [3, 0]
