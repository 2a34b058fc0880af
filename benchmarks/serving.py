"""The serving simulator: its speed, and its waits beside queueing theory.

./course bench serving      measures, prints tables, writes results/serving-<machine>.json and docs/serving.md

Times are processor time: others may share this machine.
"""

import argparse
import json
import os
import re
import time
from dataclasses import astuple

from benchmarks import serving_page, serving_theory
from course_lib.hardware import gpu
from course_lib.machine import machine
from course_lib.paths import ROOT, write_atomically
from course_lib.progress import Progress
from course_lib.serving import Continuous, Greedy, Policy, Static, StepCost, Timeout, Trace, simulate
from course_lib.serving.trace import lognormal
from course_lib.shapes import shape

CARD = StepCost.from_datasheet(shape("llama2-7b"), gpu("A100 40GB"))
BATCHES = (1, 4, 16, 64, 256)
RATES = (0.5, 1.0, 2.0, 4.0, 8.0)


def _seconds(run, repeats: int) -> float:
    """Processor time of the fastest of `repeats` runs."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def hour(policy: Policy, repeats: int) -> dict:
    """The twin of the hour of Azure's conversation trace under one policy."""
    trace = Trace.like_azure("conv")
    seconds = _seconds(lambda: simulate(trace, policy, CARD), repeats)
    tokens = simulate(trace, policy, CARD).tokens
    return {"policy": str(policy), "tokens": tokens, "seconds": seconds, "rate": tokens / seconds}


def fifty(repeats: int) -> float:
    """Seconds of fifty configurations of 500 requests: two policies, five batch sizes, five loads."""
    traces = [Trace.poisson(rate, 500, lognormal(200, 100, 1.0)) for rate in RATES]
    policies = [policy(batch) for policy in (Continuous, Greedy) for batch in BATCHES]
    pairs = [(trace, policy) for trace in traces for policy in policies]
    return _seconds(lambda: [simulate(trace, policy, CARD) for trace, policy in pairs], repeats)


def beside_theory() -> list[dict]:
    """Every case of `serving_theory`: case, expected, got, error."""
    cases, rows = serving_theory.cases(), []
    with Progress(len(cases), "queues with a known answer") as bar:
        for case in cases:
            found = serving_theory.compare(case)
            rows.append({
                "case": case.name, "unit": case.unit, "expected": case.expected, "got": found.got,
                "half": found.half, "error": found.error, "agrees": found.agrees,
            })  # fmt: skip
            bar.update()
    return rows


def main(argv: list[str] | None = None) -> None:
    """Measure everything, print it, write the JSON and the page."""
    parser = argparse.ArgumentParser(prog="./course bench serving", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the fastest counts")
    options = parser.parse_args(argv)
    record = {"machine": machine(), "load_average": os.getloadavg()[0], "cost": astuple(CARD)}
    policies = (Continuous(256), Continuous(64), Greedy(64), Timeout(64, 1.0), Static(64))
    record["hour"] = [hour(policy, options.repeats) for policy in policies]
    record["fifty_seconds"] = fifty(options.repeats)
    record["theory"] = beside_theory()
    name = re.sub(r"[^a-z0-9]+", "-", record["machine"]["processor"].lower()).strip("-")
    path = ROOT / "benchmarks" / "results" / f"serving-{name}.json"
    write_atomically(path, json.dumps(record, indent=1))
    print("\n".join(serving_page.tables(record)))
    serving_page.write()
    print(f"Written: {path.relative_to(ROOT)} and {serving_page.PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
