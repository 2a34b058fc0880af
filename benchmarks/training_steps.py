"""A training step on our tensors beside torch's: both in turns, the record, and docs/training_steps.md."""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping

import torch
from threadpoolctl import threadpool_limits

from course_lib.notebook.machine import machine
from course_lib.paths import ROOT, write_atomically

RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "training_steps.md"
TURNS = 40
HEAD = f"""# A training step beside torch's

Written by `./course bench autodiff` and `./course bench gpt`; run them to add your machine. The same network
with the same weights learns the same batch by Adam, on our tensors and in torch's modules, on one thread, in
turns. Each figure is the fastest of {TURNS} steps, in processor time."""
WHAT = {
    "autodiff": "A transformer without attention: embedding, two blocks of LayerNorm, Linear, GELU and "
    "Linear,\nand a cross-entropy over 198 classes. Sizes: sequences, positions, width.",
    "gpt": "The GPT of lab 3 on 32 pairs of its sentences. Sizes: width, heads, layers, width within the\n"
    "feed-forward part.",
}

Step = Callable[[], float]  # trains once and returns the loss


def measure(step: Step, torch_step: Step) -> dict[str, float]:
    """Milliseconds of processor time per step of both, and how many times torch's ours is.

    Each is the fastest of TURNS, in turns, since others may share this machine. Raises RuntimeError where the
    two do not have the same loss three times.
    """
    for _ in range(3):  # the first ones also find memory
        if abs(step() / torch_step() - 1) > 1e-4:
            raise RuntimeError("the two networks do not learn the same")
    fastest = [float("inf")] * 2
    for _ in range(TURNS):
        for i, each in enumerate((step, torch_step)):
            started = time.process_time()
            each()
            fastest[i] = min(fastest[i], time.process_time() - started)
    return {"ours_ms": 1e3 * fastest[0], "torch_ms": 1e3 * fastest[1], "ratio": fastest[0] / fastest[1]}


def run(part: str, sizes: Mapping[str, tuple], steps: Callable[..., tuple[Step, Step]]) -> None:
    """Measure `steps(*size)` for each size on one thread, print a table, write the record and the page."""
    torch.set_num_threads(1)
    here = machine()
    record = {"machine": here, "load_average": os.getloadavg()[0], "shapes": sizes, "steps": {}}
    print(f"{'network':8}{'ours, ms':>10}{'torch, ms':>11}{'times':>7}")
    with threadpool_limits(1):
        for name, size in sizes.items():
            found = record["steps"][name] = measure(*steps(*size))
            print(f"{name:8}{found['ours_ms']:10.2f}{found['torch_ms']:11.2f}{found['ratio']:7.2f}")
    processor = re.sub(r"[^a-z0-9]+", "-", here["processor"].lower()).strip("-")
    write_atomically(RESULTS / f"{part}-{processor}.json", json.dumps(record, indent=1))
    write_atomically(PAGE, page(records()))


def records() -> list[tuple[str, dict]]:
    """What was measured so far, by part: "autodiff" or "gpt"."""
    paths = sorted([*RESULTS.glob("autodiff-*.json"), *RESULTS.glob("gpt-*.json")])
    return [(path.stem.split("-")[0], json.loads(path.read_text("utf-8"))) for path in paths]


def page(records: Iterable[tuple[str, dict]]) -> str:
    """The text of docs/training_steps.md, from the records."""
    lines, seen = [HEAD], ""
    for part, record in records:
        if part != seen:
            lines += ["", f"## `{part}`", "", WHAT[part]]
        seen, here = part, record["machine"]
        versions = ", ".join(f"{name} {here['versions'][name]}" for name in ("course-lib", "numpy", "torch"))
        lines += [
            "",
            f"{here['processor']}, {versions}, load average {record['load_average']:.1f} before:",
            "",
            "| network | sizes | ours, ms | torch, ms | times torch |",
            "| --- | --- | ---: | ---: | ---: |",
        ]
        for name, found in record["steps"].items():
            sizes = " × ".join(map(str, record["shapes"][name]))
            times = f"{found['ours_ms']:.2f} | {found['torch_ms']:.2f} | {found['ratio']:.2f}"
            lines.append(f"| {name} | {sizes} | {times} |")
    return "\n".join(lines) + "\n"
