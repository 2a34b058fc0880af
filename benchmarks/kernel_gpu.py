"""The kernels on a GPU: device time, and the share of the bandwidth and matrix rate of the same run."""

import statistics

import numpy as np

from benchmarks.kernel_cases import Case, Launch, decode, fused, matmul, rows
from course_lib.seeds import stream

REPEATS = 20
SIDE = 4096
_AHEAD_BYTES, _AHEAD_TIMES = 1 << 30, 4  # about a millisecond on the fastest GPUs of 2025


def _milliseconds(cupy, run) -> float:
    """Median device time of `run`, by events, after two runs that are not counted.

    Before each run the GPU fills 1 GiB a few times: meanwhile the host gets all of the run into the queue, so
    that no time is the host's, and nothing that the run reads is left in the L2.
    """
    ahead, times = cupy.empty(_AHEAD_BYTES, cupy.uint8), []
    for i in range(REPEATS + 2):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        for _ in range(_AHEAD_TIMES):
            ahead.fill(0)
        start.record()
        run()
        end.record()
        end.synchronize()
        if i >= 2:
            times.append(cupy.cuda.get_elapsed_time(start, end))
    return statistics.median(times)


def _copy_rate(cupy) -> float:
    """GB/s of a copy of 1 GiB, read and write counted: larger than any L2."""
    source = cupy.zeros(1 << 28, cupy.float32)
    target = cupy.empty_like(source)
    return 2 * source.nbytes / _milliseconds(cupy, lambda: cupy.copyto(target, source)) / 1e6


def _matrix_rate(cupy, dtype: str) -> float:
    """TFLOP/s of cuBLAS on square matrices of this dtype; of half ones on the tensor cores."""
    rng = stream("benchmark", "cublas")
    a, b = (cupy.asarray(rng.random((SIDE, SIDE), np.float32).astype(dtype)) for _ in "ab")
    product = cupy.empty_like(a)
    try:
        return 2 * SIDE**3 / _milliseconds(cupy, lambda: cupy.matmul(a, b, out=product)) / 1e9
    except ImportError as error:
        raise SystemExit(f"{error}; cuBLAS comes with pip install 'cupy-cuda13x[ctk]'") from None


def measure() -> dict:
    """Rates in GB/s and TFLOP/s: the copy, cuBLAS, and each kernel with its share of what bounds it."""
    import cupy

    copy, cublas = _copy_rate(cupy), {dtype: _matrix_rate(cupy, dtype) for dtype in ("float32", "float16")}
    results = []
    cases = [*matmul(SIDE, tensor_cores=True), *rows(16384, 4096), *decode(32, 4096, 8), *fused(16384, 4096)]
    for case in cases:
        module, launches = case.module("gpu"), _on_gpu(cupy, case.launches())
        held = launches[0].args

        def run(module=module, launches=launches):
            for kernel, *launch in launches:
                module[kernel](*launch)

        milliseconds = _milliseconds(cupy, run)
        rate = case.flops / milliseconds / 1e9 if case.flops else case.bytes / milliseconds / 1e6
        results.append({
            "topic": case.topic, "kernel": case.name, "size": case.size,
            "milliseconds": milliseconds, "rate": rate, "unit": "TFLOP/s" if case.flops else "GB/s",
            "share": rate / (cublas[held[0].dtype.name] if case.flops else copy),
            "torch_milliseconds": _torch(cupy, case, held),
            "cupy_milliseconds": _milliseconds(cupy, lambda case=case, held=held: case.numpy(*held)),
        })  # fmt: skip
    return {"copy_GB_s": copy, "cublas_TFLOP_s": cublas, "kernels": results}


def _on_gpu(cupy, launches: list[Launch]) -> list[Launch]:
    """The launches on device memory; an array that two of them share is still one."""
    held: dict[int, object] = {}
    for launch in launches:
        arrays = [arg for arg in launch.args if hasattr(arg, "shape") and id(arg) not in held]
        held |= {id(array): cupy.asarray(array) for array in arrays}
    return [launch._replace(args=tuple(held.get(id(arg), arg) for arg in launch.args)) for launch in launches]


def _torch(cupy, case: Case, held: tuple) -> float | None:
    """PyTorch's own time for the same work on the same memory; None where it cannot use the GPU."""
    import torch
    import torch.nn.functional as F

    if case.torch is None or not torch.cuda.is_available():
        return None
    tensors = [torch.from_dlpack(array) for array in held if isinstance(array, cupy.ndarray)]
    names = dict(zip("abc", tensors, strict=False)) | {"torch": torch, "F": F}
    expression = compile(case.torch, case.topic, "eval")
    # Both libraries begin on the default stream, so CuPy's events stand around PyTorch's work.
    return _milliseconds(cupy, lambda: eval(expression, names))


def bounds(measured: dict) -> str:
    """The rates that the kernels are held against."""
    cublas = measured["cublas_TFLOP_s"]
    return (
        f"copy {measured['copy_GB_s']:.0f} GB/s, cuBLAS {cublas['float32']:.1f} TFLOP/s in fp32 and "
        f"{cublas['float16']:.1f} in half precision"
    )


def table(measured: dict) -> list[str]:
    """The lines that the benchmark prints."""
    lines = [bounds(measured)]
    for r in measured["kernels"]:
        torch = f"{r['torch_milliseconds']:8.3f}" if r["torch_milliseconds"] else "       -"
        lines.append(f"{r['kernel']:24} {r['size']:>14} {r['milliseconds']:8.3f} ms {r['rate']:8.1f} "
                     f"{r['unit']:8}{r['share']:5.0%} of the bound, torch {torch} ms, "
                     f"CuPy {r['cupy_milliseconds']:.3f} ms")  # fmt: skip
    return lines
