"""The cache: compiled once, found by content, and safe when several processes compile at once."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda import build
from course_lib.cuda.cache import cache_folder
from course_lib.cuda.compiler import preferred
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


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_compiled_file_that_was_emptied_or_cut_off_is_compiled_anew(cache, kept):
    build.build(SOURCE, "k.cu", cuda.compilers()[0])
    for path in cache.iterdir():
        data = path.read_bytes()
        path.write_bytes(data[: int(kept * len(data)) if kept < 1 else kept])
    library = build.build(SOURCE, "k.cu", cuda.compilers()[0])
    ctypes.CDLL(str(library))  # the loader takes it


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


def _no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "cache"  # nothing can be made below a file


def test_where_the_cache_cannot_be_written_kernels_are_kept_in_a_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(_no_folder(tmp_path)))
    x = np.zeros(1, np.float32)
    module = Module(SOURCE, "k.cu", "host")
    module["k"](1, 1, (x,))
    assert x[0] == 1
    assert module.inspect("k", 1, 1, (x,)).ok
    assert list(cache_folder().glob("*.so"))
    assert tmp_path not in cache_folder().parents


def test_a_temporary_folder_is_gone_when_the_process_ends(tmp_path):
    program = "from course_lib.cuda.cache import cache_folder; print(cache_folder())"
    environment = os.environ | {"COURSE_CACHE": str(_no_folder(tmp_path))}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert run.returncode == 0
    assert not Path(run.stdout.strip()).exists()


@pytest.mark.parametrize("inspected", [False, True])
def test_a_full_disk_is_told_in_one_line_as_the_machines_fault(cache, monkeypatch, inspected):
    def full(*arguments, **options):
        answer = "kernel.s: fatal error: error writing to /tmp/x.s: No space left on device"
        return subprocess.CompletedProcess(arguments, 1, "", answer)

    monkeypatch.setattr(subprocess, "run", full)
    with pytest.raises(cuda.CourseFault, match=r"this machine has no place .* COURSE_CACHE") as caught:
        build.build(SOURCE, "k.cu", preferred(), inspected)
    assert "\n" not in str(caught.value)


def test_a_source_that_takes_more_room_than_there_is_is_at_fault_itself(cache):
    source = "__device__ char huge[1l << 40];\n" + SOURCE.replace("1;", "huge[7];")
    with pytest.raises(cuda.CompileError, match="is an array or a template far too large"):
        build.build(source, "k.cu", preferred())


def test_an_error_that_names_no_line_of_the_source_is_the_courses(cache, monkeypatch):
    monkeypatch.setattr(
        build, "host_source", lambda source, filename: f'#line 1 "other.cu"\nno code;\n{source}'
    )
    with pytest.raises(cuda.CourseFault, match="a fault of the course, not of your kernel"):
        build.build(SOURCE, "k.cu", preferred())


@pytest.mark.parametrize("body", [
    "float4 a[2] = {1, 2, 3, 4, 5, 6, 7, 8}; x[0] = a[1].x;",
    "union { float4 v; float f[4]; } a = {}, b = a; x[0] = b.f[0];",
])  # fmt: skip
def test_what_only_the_inspector_cannot_take_is_no_fault_of_the_kernel(cache, body):
    module = Module(f'extern "C" __global__ void k(float* x) {{ {body} }}\n', "k.cu", "host")
    with pytest.raises(cuda.CourseFault, match="a limit of the course, not a fault of your kernel"):
        module.inspect("k", 1, 1, (np.zeros(4, np.float32),))
