"""The cache: compiled once, found by content, and safe when several processes compile at once."""

import subprocess
import sys

import pytest

from course_lib import cuda
from course_lib.cuda.module import Module

SOURCE = 'extern "C" __global__ void k(float* x) { x[0] = 1; }\n'
pytestmark = pytest.mark.needs("compiler")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return tmp_path / "cuda"


def test_a_source_is_compiled_once_and_a_changed_one_again(cache, monkeypatch):
    Module(SOURCE, "k.cu", "host")
    first = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    Module(SOURCE, "k.cu", "host")
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == first
    Module(SOURCE.replace("1;", "2;"), "k.cu", "host")
    assert len(list(cache.glob("*.so"))) == 2


def test_a_failed_compilation_leaves_nothing_behind(cache):
    with pytest.raises(cuda.CompileError):
        Module(SOURCE.replace("1;", "oops;"), "k.cu", "host")
    assert not list(cache.glob("*.so")) if cache.exists() else True


def test_several_processes_may_compile_the_same_source_at_once(cache):
    program = (
        "import sys, numpy as np; from course_lib.cuda.module import Module; x = np.zeros(1, np.float32);"
        "Module(sys.argv[1], 'k.cu', 'host')['k'](1, 1, (x,)); assert x[0] == 1"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, SOURCE]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in running] == [0] * 4
    assert len(list(cache.glob("*.so"))) == 1
    assert not [path for path in cache.iterdir() if path.stat().st_size == 0]
