"""What a launch of a small kernel costs in each way of launching it: microseconds of processor time."""

import resource
import time
from collections.abc import Callable

import numpy as np

from course_lib import cuda
from course_lib.cuda import lasting

VALUES, LAUNCHES, APART = 1000, 20_000, 50
SOURCE = """extern "C" __global__ void scale(const float* x, float* y, float a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i];
}
"""


def processor_time() -> float:
    """Seconds on a processor of this process and its ended children; waiting for one is left out."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure() -> dict[str, float]:
    """Microseconds a launch on VALUES values, this process and the kernel's together, by way of launching.

    What is started for the launches is counted with them: a process that lasts is spread over LAUNCHES.
    """
    x, y = np.ones(VALUES, np.float32), np.empty(VALUES, np.float32)
    here = cuda.Module(SOURCE, "scale.cu", "host")
    apart = cuda.compile(SOURCE, "host")
    lasts = cuda.compile(SOURCE, "host", lasting=True)
    shared = lasts.array(x), lasts.empty(VALUES)
    return {
        "in this process": _per_launch(here, (x, y), LAUNCHES),
        "in a process that lasts, arrays shared": _per_launch(lasts, shared, LAUNCHES),
        "in a process that lasts, arrays copied": _per_launch(lasts, (x, y), LAUNCHES),
        "in a process for each launch": _per_launch(apart, (x, y), APART),
    }


def measure_gpu() -> dict[str, float]:
    """The same on a GPU, where the kernel's own time is the device's and is waited for once at the end."""
    import cupy

    module = cuda.compile(SOURCE, "gpu", lasting=True)
    arrays = module.array(np.ones(VALUES, np.float32)), module.empty(VALUES)
    return {"on the GPU": _per_launch(module, arrays, LAUNCHES, cupy.cuda.Device().synchronize)}


def _per_launch(module, arrays, launches: int, wait: Callable = lambda: None) -> float:
    x, y = arrays
    launch, grid = module["scale"], -(-VALUES // 256)
    launch(grid, 256, (x, y, 2, VALUES))
    lasting.end()
    started = processor_time()
    for _ in range(launches):
        launch(grid, 256, (x, y, 2, VALUES))
    wait()
    lasting.end()
    return 1e6 * (processor_time() - started) / launches


def table(launch_us: dict[str, float]) -> list[str]:
    """What `measure` has found, as lines to print."""
    head = f"one launch of a kernel on {VALUES:,} values"
    return [
        f"\n{head:48} {'us of processor':>16}",
        *(f"{way:48} {us:16.1f}" for way, us in launch_us.items()),
    ]
