"""The GPU's side of a launch: what CuPy is asked for, and, where there is a GPU, what comes back."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda.gpu import GpuKernels, refusal
from course_lib.cuda.signature import kernels as signature

TWO = """extern "C" __global__ void two(const float* x, float* y, int n) {
    extern __shared__ float room[];
    int i = threadIdx.x;
    room[i] = x == nullptr ? 5.0f : x[i];
    __syncthreads();
    if (i < n) y[i] = room[n - 1 - i];
}
"""


class RecordedKernel:
    """Stands for cupy.RawKernel: notes its launches and what it is allowed."""

    def __init__(self):
        self.max_dynamic_shared_size_bytes, self.launches = 32 * 1024, []

    def __call__(self, grid, block, args, *, shared_mem):
        self.launches.append((grid, block, args, shared_mem, self.max_dynamic_shared_size_bytes))


def test_a_kernel_is_allowed_more_shared_memory_once_it_asks_for_more_than_its_default():
    kernel = RecordedKernel()
    module = SimpleNamespace(compile=lambda: None, get_function=lambda name: kernel)
    cupy = SimpleNamespace(
        ndarray=np.ndarray,
        uint64=np.uint64,
        cuda=SimpleNamespace(
            Device=lambda: SimpleNamespace(attributes={"MaxSharedMemoryPerBlockOptin": 65536}),
            driver=SimpleNamespace(CUDADriverError=RuntimeError),
        ),
    )
    kernels = GpuKernels.__new__(GpuKernels)
    kernels.__dict__.update(_cupy=cupy, _module=module, _functions={}, kernels=signature(TWO))
    y = np.zeros(4, np.float32)
    for shared in (16, 40 * 1024, 1024):
        kernels.launch("two", 1, 4, (None, y, 4), shared)
    assert [(shared, allowed) for *_, shared, allowed in kernel.launches] == [
        (16, 32 * 1024),
        (40 * 1024, 40 * 1024),
        (1024, 40 * 1024),
    ]
    grid, block, (pointer, array, n), *_ = kernel.launches[0]
    assert (grid, block) == ((1, 1, 1), (4, 1, 1))
    assert pointer.dtype == np.uint64
    assert (pointer, array is y, n.dtype) == (0, True, np.dtype(np.int32))
    with pytest.raises(ValueError, match="at most 65,536"):
        kernels.launch("two", 1, 4, (None, y, 4), 70_000)


def test_nvrtcs_log_becomes_the_students_lines():
    log = 'kernel.cu(3): error: identifier "y" is undefined\n      y[0] = 1;\n      ^\n\n1 error detected.\n'
    error = refusal(log, "kernel.cu")
    assert error.problems == [(3, 'identifier "y" is undefined')]
    assert str(error) == 'kernel.cu, line 3: identifier "y" is undefined\n      y[0] = 1;\n      ^'
    assert str(refusal("nvrtc: error: invalid value", "kernel.cu")) == "nvrtc: error: invalid value"


@pytest.mark.gpu
def test_a_launch_on_the_gpu_gives_what_the_host_gives():
    module = cuda.compile(TWO, device="gpu")
    x, y = module.array(np.arange(4, dtype=np.float32)), module.array(np.zeros(4, np.float32))
    module["two"](1, 4, (x, y, 4), shared_mem=60 * 1024)
    assert module.numpy(y).tolist() == [3, 2, 1, 0]
    module["two"](1, 4, (None, y, 4), shared_mem=16)
    assert module.numpy(y).tolist() == [5, 5, 5, 5]


@pytest.mark.gpu
@pytest.mark.needs("compiler")
def test_arrays_on_the_gpu_are_inspected_on_the_host_and_get_its_results():
    module = cuda.compile(TWO, device="gpu")
    x, y = module.array(np.arange(4, dtype=np.float32)), module.array(np.zeros(4, np.float32))
    report = module.inspect("two", 1, 4, (x, y, 4), shared_mem=16)
    assert report.ok
    assert module.numpy(y).tolist() == [3, 2, 1, 0]


@pytest.mark.gpu
def test_what_is_wrong_on_the_gpu_is_said_as_on_the_host():
    with pytest.raises(cuda.CompileError, match=r"kernel\.cu, line 6: identifier") as caught:
        cuda.compile(TWO.replace("y[i] =", "z[i] ="), device="gpu")
    assert caught.value.problems[0][0] == 6
    module = cuda.compile(TWO, device="gpu")
    with pytest.raises(ValueError, match=r"pass a cupy.ndarray \(module.array\(x\) makes one\)"):
        module["two"](1, 4, (None, np.zeros(4, np.float32), 4))
    with pytest.raises(ValueError, match="at most"):
        module["two"](1, 4, (None, module.array(np.zeros(4, np.float32)), 4), shared_mem=1 << 20)


@pytest.mark.gpu
def test_a_lasting_module_on_the_gpu_is_one_as_any_other_with_views_and_storage():
    module = cuda.compile(TWO, device="gpu", lasting=True)
    x, y = module.array(np.arange(12, dtype=np.float32).reshape(3, 4)), module.empty(4)
    for _ in range(3):
        module["two"](1, 4, (x[1], y, 4), shared_mem=16)
    assert module.numpy(y).tolist() == [7, 6, 5, 4]
    memory, offset, strides = cuda.storage(x.T[1:, ::-1])
    assert (offset, strides) == (9, (1, -4))
    assert memory.shape == (12,)
    assert memory.data.ptr == x.data.ptr
    module["two"](1, 4, (memory[4:8], y, 4), shared_mem=16)
    assert module.numpy(y).tolist() == [7, 6, 5, 4]
