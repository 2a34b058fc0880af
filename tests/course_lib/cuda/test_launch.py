"""A launch on the host: what comes back, and what is refused before it starts."""

import numpy as np
import pytest

from course_lib import cuda

pytestmark = pytest.mark.needs("compiler")
SCALE = """extern "C" __global__ void scale(const float* x, float* y, float a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i];
}
"""


@pytest.fixture(scope="module")
def module():
    return cuda.compile(SCALE, device="host")


def test_results_come_back_into_the_callers_array(module):
    x, y = np.arange(100, dtype=np.float32), np.zeros(100, np.float32)
    module["scale"](4, 32, (x, y, 2, 100))
    np.testing.assert_array_equal(y, 2 * x)


def test_a_module_names_its_kernels_and_an_unknown_one_lists_them(module):
    assert module.names == ["scale"]
    with pytest.raises(KeyError, match="scale"):
        module["scal"]


@pytest.mark.parametrize(("change", "message"), [
    ({"grid": 0}, "grid is 0: x is 0; every extent is at least 1"),
    ({"grid": (1, 70000)}, "y is 70,000; at most 65,535"),
    ({"grid": 1.5}, "one to three whole numbers"),
    ({"grid": (1, 1, 1, 1)}, "one to three whole numbers"),
    ({"block": (33, 32)}, "1,056 threads; at most 1,024"),
    ({"block": (1, 1, 65)}, "z is 65; at most 64"),
    ({"shared_mem": 200_000}, "shared_mem is 200,000 bytes; a block has at most 101,376"),
    ({"shared_mem": -1}, "shared_mem is -1"),
    ({"x": np.zeros(8)}, "must be float32, got float64"),
    ({"x": np.zeros((8, 2), np.float32)[:, 0]}, "not contiguous"),
    ({"x": [1.0, 2.0]}, "got list"),
    ({"y": "read-only"}, "read-only"),
    ({"n": 2.5}, "is int, got 2.5; pass a whole number"),
    ({"n": 2**31}, "cannot hold 2,147,483,648"),
    ({"a": np.zeros(2, np.float32)}, "one float, got an array"),
])  # fmt: skip
def test_a_bad_launch_is_refused_in_one_clear_line(module, change, message):
    y = np.zeros(8, np.float32)
    if isinstance(change.get("y"), str):
        y.flags.writeable = False
    given = (
        {"grid": 1, "block": 8, "shared_mem": 0, "x": np.zeros(8, np.float32), "a": 1, "n": 8}
        | change
        | {"y": y}
    )
    with pytest.raises(ValueError, match="kernel scale") as caught:
        module["scale"](
            given["grid"],
            given["block"],
            (given["x"], given["y"], given["a"], given["n"]),
            given["shared_mem"],
        )
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_few_arguments_are_named(module):
    with pytest.raises(ValueError, match=r"takes 4 arguments \(x, y, a, n\), got 1"):
        module["scale"](1, 1, (np.zeros(1, np.float32),))


def test_the_same_array_twice_stays_the_same_memory(module):
    x = np.arange(8, dtype=np.float32)
    module["scale"](1, 8, (x, x, 3, 8))
    np.testing.assert_array_equal(x, 3 * np.arange(8))


def test_overlapping_arrays_are_refused_by_a_students_module(module):
    x = np.arange(16, dtype=np.float32)
    with pytest.raises(ValueError, match="argument y overlaps another array"):
        module["scale"](1, 8, (x[:12], x[4:], 3, 8))


def test_an_empty_slice_of_an_array_takes_nothing_from_it(module):
    x = np.arange(8, dtype=np.float32)
    for empty in (x[:0], x[3:3], x[8:]):
        module["scale"](1, 8, (empty, x, 3, 0))
        y = np.zeros(8, np.float32)
        cuda.compile(SCALE.replace("float a, int n", "const float* none, float a, int n"), device="host")[
            "scale"
        ](1, 8, (x, y, empty, 3, 8))
        np.testing.assert_array_equal(y, 3 * x)


def test_a_misaligned_slice_works_where_a_kernel_reads_vectors():
    x = np.arange(4 * 4 + 1, dtype=np.float32)[1:]
    q, scale = np.zeros((1, 16), np.int8), np.zeros(1, np.float32)
    cuda.load("quantize", device="host")["quantize_rows_once"](1, 256, (x, q, scale, 16))
    assert scale[0] == np.float32(16) / np.float32(127)


def test_an_unknown_kernel_file_lists_those_there_are():
    with pytest.raises(ValueError, match=r"no kernel file 'quantise'; there are .*quantize"):
        cuda.load("quantise")


def test_a_wrong_device_is_refused(monkeypatch):
    with pytest.raises(ValueError, match='"auto", "gpu" or "host"'):
        cuda.load("quantize", device="tpu")
    monkeypatch.setattr("course_lib.cuda.gpu.available", lambda: False)
    monkeypatch.setenv("COURSE_DEVICE", "gpu")
    with pytest.raises(ValueError, match="no GPU here"):
        cuda.load("quantize")


def test_without_a_compiler_one_line_names_what_to_install(monkeypatch):
    monkeypatch.setattr("course_lib.cuda.compiler.compilers", list)
    with pytest.raises(cuda.NoCompiler, match=r"install g\+\+.*pip install ziglang"):
        cuda.load("quantize", device="host")


@pytest.mark.parametrize(("chosen", "where"), [("host", "host"), ("gpu", "gpu"), ("", "gpu")])
def test_a_gpu_that_is_to_be_left_alone_is_not_named_as_where_kernels_run(monkeypatch, chosen, where):
    monkeypatch.setattr("course_lib.cuda.gpu.available", lambda: True)
    monkeypatch.setenv("COURSE_DEVICE", chosen)
    assert cuda.available() == where
