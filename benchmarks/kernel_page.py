"""docs/kernel_ladders.md: the ladders drawn from every results/kernels-*.json, one bar a rung."""

import json
from html import escape

from benchmarks import launches
from benchmarks.kernel_gpu import bounds
from course_lib.paths import ROOT, write_atomically

PAGE = ROOT / "docs" / "kernel_ladders.md"
PICTURES = ROOT / "docs" / "images"
_ROW, _LABEL, _WIDTH = 20, 190, 420


def write() -> None:
    """Write the page and one picture for each machine that was measured."""
    parts = [
        "# The kernels' ladders, measured",
        "",
        "Written by `./course bench kernels` from `benchmarks/results/kernels-*.json`; run it to add "
        "your machine.",
    ]
    for path in sorted((ROOT / "benchmarks" / "results").glob("kernels-*.json")):
        record, name = json.loads(path.read_text()), path.stem.removeprefix("kernels-")
        names = filter(None, (record["machine"]["processor"], record["machine"]["gpu"]))
        parts += ["", f"## {', '.join(names)}", ""]
        if record.get("host_ms"):
            parts += _host(record, name)
        if record.get("launch_us"):
            parts += _launches(record["launch_us"])
        parts += _gpu(record["gpu"], name) if record["gpu"] else ["", "GPU: not measured on this machine."]
    write_atomically(PAGE, "\n".join(parts) + "\n")


def _host(record: dict, name: str) -> list[str]:
    bars = [(r["kernel"], r["one_core"], f"{r['one_core']:.1f} ms") for r in record["host_ms"]]
    write_atomically(PICTURES / f"ladder-{name}.svg", _bars(bars))
    lines = [
        f"On the host, processor time on one core of {record['machine']['cores']} (all cores: by the "
        f"clock), load average {record['load_average']:.1f} before.",
        "",
        f"![milliseconds of each rung on one core](images/ladder-{name}.svg)",
        "",
        "| kernel | size | 1 core, ms | all cores, ms | inspected, ms | NumPy, ms |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r['kernel']} | {r['size']} | {r['one_core']:.2f} | {r['all_cores']:.2f} | "
        f"{r['inspected']:.0f} | {r['numpy']:.2f} |"
        for r in record["host_ms"]
    ]
    s = record["simulator"]
    if s["simulator"]:
        lines += ["", f"The tiled product of side {s['side']}: Numba's CUDA simulator "
                      f"{s['simulator']:.0f} ms, the host runtime "
                  f"{s['host_one_core']:.2f} ms on one core, {s['times_as_fast']:.0f} times as "
                  "fast."]  # fmt: skip
    times = ", ".join(
        f"{c} {t['first']:.0f} ms, from the cache {t['cached']:.1f} ms"
        for c, t in record["compile_ms"].items()
    )
    return [*lines, "", f"First compilation, the runtime included: {times}."]


def _launches(launch_us: dict[str, float]) -> list[str]:
    return [
        "",
        f"| one launch of a kernel on {launches.VALUES:,} values | processor time, us |",
        "| --- | ---: |",
        *(f"| {way} | {us:,.1f} |" for way, us in launch_us.items()),
    ]


def _gpu(gpu: dict, name: str) -> list[str]:
    bars = [(r["kernel"], r["share"], f"{r['share']:.0%}") for r in gpu["kernels"]]
    write_atomically(PICTURES / f"ladder-{name}-gpu.svg", _bars(bars))
    lines = [
        "",
        f"On the GPU: {bounds(gpu)}, in the same run. A rate in GB/s is a share of the copy's, one in "
        "TFLOP/s of cuBLAS's.",
        "",
        f"![share of the bound of each rung](images/ladder-{name}-gpu.svg)",
        "",
        "| kernel | size | ms | rate | share of the bound | PyTorch, ms | CuPy, ms |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for r in gpu["kernels"]:
        torch = f"{r['torch_milliseconds']:.3f}" if r["torch_milliseconds"] else ""
        rate = f"{r['rate']:.1f} {r['unit']}"
        cells = [r["kernel"], r["size"], f"{r['milliseconds']:.3f}", rate, f"{r['share']:.0%}", torch]
        lines.append(f"| {' | '.join([*cells, format(r['cupy_milliseconds'], '.3f')])} |")
    return lines


def _bars(bars: list[tuple[str, float, str]]) -> str:
    """Horizontal bars, the longest as wide as the picture, each with its name and figure."""
    most, rows = max(value for _, value, _ in bars), []
    for i, (name, value, label) in enumerate(bars):
        y, width = i * _ROW, max(1.0, value / most * _WIDTH)
        rows.append(
            f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LABEL}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" fill="#0072b2"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{y + 14}">{escape(label)}</text>'
        )
    width, height = _LABEL + _WIDTH + 90, len(bars) * _ROW
    style = 'font-family="sans-serif" font-size="12" fill="#444"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f"{style}>{''.join(rows)}</svg>\n"
    )
