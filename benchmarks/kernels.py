"""The CUDA kernels: compile times, the host runtime plain and inspected, Numba's simulator, and a GPU.

./course bench kernels      measures, prints a table, writes results/kernels-<machine>.json

With `--only gpu` it needs NumPy, CuPy and PyTorch alone, as on the machine of benchmarks/gpu_day.sh.

GPU figures come only from a GPU; without one they are written as null and the table says "not measured".
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import kernel_gpu, kernel_page, launches
from benchmarks.kernel_cases import Case, decode, fused, matmul, rows
from benchmarks.launches import processor_time
from benchmarks.one_core import one_core
from course_lib import cuda
from course_lib.notebook.machine import cores, machine
from course_lib.paths import ROOT, write_atomically
from course_lib.seal import unsealed

RESULTS = ROOT / "benchmarks" / "results"
SIMULATOR_SIDE = 64


def _best(run, repeats: int, clock=time.perf_counter) -> float:
    """Milliseconds of the fastest of `repeats` runs, after one that warms up: others share this machine."""
    run()
    times = []
    for _ in range(repeats):
        started = clock()
        run()
        times.append(clock() - started)
    return 1e3 * min(times)


def compile_times() -> dict[str, dict[str, float]]:
    """Milliseconds for each compiler: into an empty cache (with the runtime), inspected, from the cache."""
    found = {}
    source = unsealed((ROOT / "kernels" / "quantize.cu").read_text("utf-8"))
    before = os.environ.get("COURSE_CACHE")
    for compiler in cuda.compilers():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["COURSE_CACHE"] = folder
            try:
                make = lambda compiler=compiler: cuda.Module(source, "quantize.cu", "host", compiler=compiler)  # noqa: E731
                started = time.perf_counter()
                module = make()
                first = 1e3 * (time.perf_counter() - started)
                x = np.zeros((1, 1), np.float32)
                started = time.perf_counter()
                module.inspect(
                    "quantize_rows", 1, 256, (x, np.zeros((1, 1), np.int8), np.zeros(1, np.float32), 1)
                )
                inspected = 1e3 * (time.perf_counter() - started)
                found[compiler.name] = {
                    "first": first,
                    "first_inspected": inspected,
                    "cached": _best(make, 20),
                }
            finally:
                os.environ.pop("COURSE_CACHE")
                if before is not None:
                    os.environ["COURSE_CACHE"] = before
    return found


def host(case: Case, repeats: int) -> dict:
    """Milliseconds on all cores; processor time on one core, plain, inspected and in NumPy."""
    from threadpoolctl import threadpool_limits

    launches = case.launches()
    module = case.module("host")
    run = lambda: [module[kernel](*launch) for kernel, *launch in launches]  # noqa: E731
    inspect = lambda: [module.inspect(*launch) for launch in launches]  # noqa: E731
    result = {"topic": case.topic, "kernel": case.name, "size": case.size}
    result["all_cores"] = _best(run, repeats)
    with one_core():
        result["one_core"] = _best(run, repeats, processor_time)
        result["inspected"] = _best(inspect, 3, processor_time)
        with threadpool_limits(1):
            result["numpy"] = _best(lambda: case.numpy(*launches[0].args), repeats, processor_time)
    return result


def simulator() -> dict:
    """The tiled product of one small size on Numba's simulator and here, and how many times as fast."""
    program = [sys.executable, "-m", "benchmarks.numba_simulator", str(SIMULATOR_SIDE)]
    answer = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        return {"side": SIMULATOR_SIDE, "simulator": None, "why": answer.stderr.strip().splitlines()[-1]}
    theirs = 1e3 * json.loads(answer.stdout.splitlines()[-1])
    tiled = matmul(SIMULATOR_SIDE, False)[1]
    ours = host(tiled, 20)["one_core"]
    return {
        "side": SIMULATOR_SIDE,
        "simulator": theirs,
        "host_one_core": ours,
        "times_as_fast": theirs / ours,
    }


def main(argv: list[str] | None = None) -> int:
    """Measure what this machine can, print it, write the JSON; returns 2 when a GPU was asked for in vain."""
    parser = argparse.ArgumentParser(prog="./course bench kernels", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="launches of which the fastest counts")
    parser.add_argument("--only", choices=["host", "gpu"], help="leave the other device out")
    parser.add_argument(
        "--results", type=Path, help="another folder for the JSON; the page is then not written"
    )
    options = parser.parse_args(argv)
    gpu = cuda.available() == "gpu" and options.only != "host"
    if options.only == "gpu" and not gpu:
        print("course: There is no GPU here that CuPy can use; leave out --only gpu.", file=sys.stderr)
        return 2
    record = {"machine": machine(), "load_average": os.getloadavg()[0], "gpu": None}
    if cuda.compilers() and options.only != "gpu":
        cases = [*matmul(256, False), *rows(512, 1024), *decode(2, 256, 2), *fused(512, 1024)]
        record["compile_ms"] = compile_times()
        record["host_ms"] = [host(case, options.repeats) for case in cases]
        record["simulator"] = simulator()
        record["launch_us"] = launches.measure()
        _print_host(record)
    if gpu:
        record["gpu"] = kernel_gpu.measure()
        record["launch_us"] = record.get("launch_us", {}) | launches.measure_gpu()
        print("\n".join(kernel_gpu.table(record["gpu"])))
    if "launch_us" in record:
        print("\n".join(launches.table(record["launch_us"])))
    if not gpu and options.only != "host":
        print("GPU: not measured (there is none here)")
    path = write_atomically(
        (options.results or RESULTS) / f"kernels-{_file_name(record['machine'])}.json",
        json.dumps(record, indent=1),
    )
    print(f"Written: {path}")
    if options.results is None:
        kernel_page.write()
        print(f"Written: {kernel_page.PAGE}")
    return 0


def _file_name(machine: dict) -> str:
    name = machine["gpu"] or machine["processor"]
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _print_host(record: dict) -> None:
    print(
        f"{cores()} cores, load {record['load_average']:.1f}; milliseconds, fastest run (1 core, "
        "inspected, NumPy: processor time on one core)\n"
    )
    print(f"{'compile':24} {'first':>9} {'+ inspected':>12} {'cached':>8}")
    for name, times in record["compile_ms"].items():
        print(f"{name:24} {times['first']:9.0f} {times['first_inspected']:12.0f} {times['cached']:8.2f}")
    print(
        f"\n{'kernel':24} {'size':>12} {'1 core':>9} {'all':>9} {'inspected':>10} {'times':>6} {'NumPy':>8}"
    )
    for r in record["host_ms"]:
        print(f"{r['kernel']:24} {r['size']:>12} {r['one_core']:9.2f} {r['all_cores']:9.2f} "
              f"{r['inspected']:10.1f} "
              f"{r['inspected'] / r['one_core']:6.1f} {r['numpy']:8.2f}")  # fmt: skip
    s = record["simulator"]
    if s["simulator"]:
        print(f"\nmatmul_tiled {s['side']} x {s['side']}: Numba's simulator {s['simulator']:.0f} ms, "
              f"here {s['host_one_core']:.2f} ms on one core, {s['times_as_fast']:.0f} times as "
              "fast\n")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
