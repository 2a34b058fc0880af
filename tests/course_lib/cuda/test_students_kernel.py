"""A student's kernel can crash, hang or misbehave: it becomes a sentence, and the notebook goes on."""

import time

import numpy as np
import pytest

from course_lib import cuda

pytestmark = pytest.mark.needs("compiler")
KERNEL = 'extern "C" __global__ void k(float* x, int n) {{\n{}\n}}\n'


def _run(body: str, grid=1, block=1, time_limit=5.0):
    x = np.zeros(64, np.float32)
    cuda.compile(KERNEL.format(body), device="host", time_limit=time_limit)["k"](grid, block, (x, 4))
    return x


@pytest.mark.parametrize(("body", "message"), [
    ("x[1L << 40] = 1;", "touched memory outside of every array"),
    ("x[0] = 7 / (n - 4);", "divided an integer by zero"),
    ("if (threadIdx.x < 3) __syncthreads();",
     "line 2: barrier divergence: the barrier stands inside the `if` of line 2: 3 of 32 threads wait"),
    ("if (threadIdx.x < 3) __syncwarp(7 << 1);", "line 2: warp divergence: thread 0"),
    ("if (threadIdx.x < 3) __syncwarp(); else __syncthreads();", "line 2: warp divergence"),
    ("__trap();", "line 2: trap: __trap()"),
    ("assert(n == 5);", "line 2: trap: assert(n == 5) failed in thread 0"),
])  # fmt: skip
def test_what_goes_wrong_is_said(body, message):
    with pytest.raises(cuda.KernelError) as caught:
        _run(body, block=32)
    assert message in str(caught.value)


def test_the_line_of_a_message_is_quoted_as_a_compile_errors_is():
    with pytest.raises(cuda.KernelError) as caught:
        _run("int t = threadIdx.x;\n    assert(t < 7);", block=32)
    assert str(caught.value).splitlines() == [
        "kernel.cu, line 3: trap: assert(t < 7) failed in thread 7", "      3 | assert(t < 7);",
    ]  # fmt: skip


def test_a_barrier_that_all_reach_is_told_with_the_one_in_a_branch_that_kept_threads_away():
    body = "if (threadIdx.x < 8) {\n__syncthreads();\n__syncthreads();\n}\n__syncthreads();"
    with pytest.raises(cuda.KernelError, match=r"line \d: barrier divergence: .*inside the `if` of line 2"):
        _run(body, block=32)


def test_an_endless_loop_is_stopped_and_the_arrays_stay_as_they_were():
    x = np.ones(4, np.float32)
    module = cuda.compile(
        KERNEL.format("x[0] = 5; while (n) __threadfence();"), device="host", time_limit=0.5
    )
    started = time.monotonic()
    with pytest.raises(cuda.KernelError, match=r"did not end within 0.5 s"):
        module["k"](1, 1, (x, 4))
    assert time.monotonic() - started < 20
    assert x.tolist() == [1, 1, 1, 1]


def test_a_stray_write_between_arrays_hits_nobody():
    source = (
        'extern "C" __global__ void k(float* x, float* y) '
        "{ x[(int)threadIdx.x - 8] = 7; x[threadIdx.x + 64] = 7; }"
    )
    x, y = np.zeros(64, np.float32), np.zeros(64, np.float32)
    cuda.compile(source, device="host")["k"](1, 8, (x, y))
    assert not y.any()
    assert not x.any()


def test_printf_reaches_the_notebook(capsys):
    _run('if (threadIdx.x == 2) printf("thread %d\\n", threadIdx.x);', block=4)
    assert capsys.readouterr().out == "thread 2\n"


def test_a_const_array_is_not_written_back_even_when_the_cast_is_forced():
    source = 'extern "C" __global__ void k(const float* x) { ((float*)x)[0] = 9; }'
    x = np.zeros(4, np.float32)
    cuda.compile(source, device="host")["k"](1, 1, (x,))
    assert not x.any()


def test_a_machine_that_cannot_run_a_kernel_is_not_told_as_its_fault(monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left")

    module = cuda.compile(KERNEL.format("x[0] = 1;"), device="host")
    x = np.zeros(4, np.float32)
    with monkeypatch.context() as changed:
        changed.setattr(module, "_library", tmp_path / "gone.so")  # as where nothing may be loaded
        with pytest.raises(cuda.CourseFault, match=r"could not run kernel k .*gone.so.*no fault of the kern"):
            module["k"](1, 1, (x, 4))
    with monkeypatch.context() as changed:
        changed.setattr("tempfile.mkdtemp", full)
        with pytest.raises(cuda.CourseFault, match="No space left"):
            module["k"](1, 1, (x, 4))
    module["k"](1, 1, (x, 4))
    assert x[0] == 1
