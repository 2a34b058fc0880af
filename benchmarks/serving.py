"""The serving simulator: its speed, its waits beside theory, and a real server beside its prediction.

./course bench serving                  measures all, prints tables, writes results/serving-<machine>.json
                                        and the measured part of docs/serving.md
./course bench serving --only speed     one part; the others stay as they were measured

Times are processor time: others may share this machine. The decoder's are, moreover, divided by the machine's
pace (course_lib/serving/stopwatch.py).
"""

import argparse
import json
import os
import re
import time

import numpy as np

from benchmarks import serving_page, serving_theory
from course_lib.hardware import gpu
from course_lib.kv_cache import Decoder, decoder_shape
from course_lib.notebook.machine import machine
from course_lib.notebook.progress import Progress
from course_lib.paths import ROOT, write_atomically
from course_lib.serving import (
    Continuous,
    Greedy,
    Memory,
    Static,
    StepCost,
    Timeout,
    Trace,
    live,
    log,
    simulate,
)
from course_lib.serving.policy import Policy
from course_lib.serving.scheduling import schedulers, unknown_length
from course_lib.serving.scheduling.cluster import case_cluster, case_shape
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.planner import Planner
from course_lib.serving.stopwatch import UsualPace, processor_time
from course_lib.serving.trace import Lengths, lognormal
from course_lib.shapes import shape

CARD = StepCost.from_datasheet(shape("llama2-7b"), gpu("A100 40GB"))
# Room for some 11 of a thousand tokens each: most of the hour waits, or is preempted.
GROWING = Memory(room=20e9, bytes_per_token=524288, block=16, grow=True, swap_rate=25e9)
LIMITED = {
    "64 seats, growing in 20 GB, computed again": Continuous(64),
    "64 seats, growing in 20 GB, swapped": Continuous(64, preempt="swap"),
    "64 seats, growing in 20 GB, chunks of 512": Continuous(64, chunk=512),
}
CASE = StepCost.from_datasheet(case_shape(), gpu("RTX 3070 8GB"))
SCHEDULERS = {  # and whether it knows how long answers will be
    "fixed classes": (lambda: schedulers.fixed_classes, True),
    "spilling": (lambda: schedulers.spill, True),
    "shortest first": (lambda: schedulers.shortest_first, True),
    "longest first": (lambda: schedulers.longest_first, True),
    "power of two choices": (schedulers.PowerOfTwo, True),
    "the planner": (Planner, True),
    "reserve nine in ten": (lambda: unknown_length.QuantileReservation(0.9), False),
    "grow and preempt": (unknown_length.GrowAndPreempt, False),
    "turns": (unknown_length.Feedback, False),
}
BATCHES = (1, 4, 16, 64, 256)
RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
REPEATS = 7  # of which the fastest counts
SEATS = 8
LOAD = 0.5  # of the requests/s that the slowest policy can serve


def speed() -> dict:
    """The hour of Azure's conversation trace's twin: policies, limited memory, a cluster; 50 runs of 500."""
    trace, hour = Trace.like_azure("conv"), []
    policies = (Continuous(256), Continuous(64), Greedy(64), Timeout(64, 1.0), Static(64))
    cases = [(_words(policy), policy, None) for policy in policies]
    cases += [(name, policy, GROWING) for name, policy in LIMITED.items()]
    for name, policy, memory in cases:
        run = lambda policy=policy, memory=memory: simulate(trace, policy, CARD, memory)  # noqa: E731
        seconds, tokens = _fastest(run), run().tokens
        hour.append({"policy": name, "tokens": tokens, "seconds": seconds, "rate": tokens / seconds})
    traces = [Trace.poisson(rate, 500, lognormal(200, 100, 1.0)) for rate in RATES]
    pairs = [(one, kind(batch)) for one in traces for kind in (Continuous, Greedy) for batch in BATCHES]
    fifty = _fastest(lambda: [simulate(one, policy, CARD) for one, policy in pairs])
    return {"hour": hour, "fifty_seconds": fifty, "cluster": _cluster(trace)}


def _cluster(trace: Trace) -> list[dict]:
    """Processor seconds in which question 11's cluster serves the hour, decision by decision."""
    rows = []
    for name, (scheduler, known) in SCHEDULERS.items():
        began = time.process_time()
        found = simulate_cluster(trace, scheduler(), case_cluster(), CASE, known=known)
        rows.append({
            "scheduler": name, "seconds": time.process_time() - began, "decisions": found.decisions,
            "preemptions": found.preemptions,
        })  # fmt: skip
    return rows


def theory() -> dict:
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
    return {"cases": rows}


def engine() -> dict:
    """A small decoder on this machine: mean latency under each policy, and its log's requests kept back."""
    decoder = Decoder(decoder_shape(layers=2, width=256, heads=4))
    pace = UsualPace(decoder)
    return _policies(decoder, pace) | {"log": _log(decoder, pace)}


def _policies(decoder: Decoder, pace: UsualPace) -> dict:
    """Under each policy, mean latency predicted and measured, three times other requests."""
    policies = {
        "static": Static(SEATS),
        "timeout": Timeout(SEATS, 0.05),
        "greedy": Greedy(SEATS),
        "continuous": Continuous(SEATS),
    }
    lengths, rows = lognormal(24, 16, 0.8), []
    rate = LOAD * min(_capacity(decoder, policy, lengths, pace) for policy in policies.values())
    for seed in range(3):
        known, asked = (Trace.poisson(rate, 96, lengths, seed=s) for s in (100 + seed, 200 + seed))
        judged = live.judge(decoder, policies, known, asked, pace)
        for name, served in judged.served.items():
            measured, predicted = served.result.latency.mean(), judged.predicted[name].latency.mean()
            rows.append({
                "policy": name, "seed": seed, "measured": measured, "predicted": predicted,
                "error": predicted / measured - 1, "busy": served.result.busy / served.result.finished.max(),
            })  # fmt: skip
    return {"policies": rows, "requests": len(asked), "load": LOAD, "rate": rate}


def _log(decoder: Decoder, pace: UsualPace) -> list[dict]:
    """On each clock, how far off a cost fitted to the log is on requests kept back; and the best there is.

    The best cost is fitted to every step that the server took, also for the requests kept back.
    """
    # Answers as long as those of Azure's conversation trace: a median of 129 tokens.
    lengths, policy = lognormal(64, 128, 0.8), Continuous(SEATS)
    trace = Trace.poisson(LOAD * _capacity(decoder, policy, lengths, pace), 128, lengths, seed=5)
    clocks = {"processor time": processor_time, "usual pace": pace}
    served = live.serve([live.Server(decoder, trace, policy, clock) for clock in clocks.values()])
    rows = []
    for clock, run in zip(clocks, served, strict=True):
        found = log.fit(run.log, policy)
        held = np.s_[-found.held_back :]
        best = simulate(trace, policy, StepCost.fit(run.features, run.seconds)).latency[held]
        rows.append({
            "clock": clock, "requests": len(trace), "held_back": found.held_back, "error": found.error,
            "best": float(np.abs(best / run.result.latency[held] - 1).mean()),
        })  # fmt: skip
    return rows


def _capacity(decoder: Decoder, policy: Policy, lengths: Lengths, pace: UsualPace) -> float:
    """Requests/s when all wait from the beginning."""
    (full,) = live.serve([live.Server(decoder, Trace.offline(5 * SEATS, lengths), policy, pace)])
    return len(full.result) / full.result.finished.max()


PARTS = {"speed": speed, "theory": theory, "engine": engine}


def _fastest(run) -> float:
    """Processor seconds of the fastest run."""
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def _words(policy) -> str:
    return {
        Continuous: "continuous, {0.max_sequences} seats",
        Greedy: "greedy, batches of {0.batch}",
        Static: "static, batches of {0.batch}",
        Timeout: "batches of {0.batch}, or after {0.seconds:g} s",
    }[type(policy)].format(policy)  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Measure the parts asked for, print them, and write the JSON and the page."""
    parser = argparse.ArgumentParser(prog="./course bench serving", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PARTS, help="measure one part, and keep the others")
    options = parser.parse_args(argv)
    here = machine()
    name = re.sub(r"[^a-z0-9]+", "-", here["processor"].lower()).strip("-")
    path = ROOT / "benchmarks" / "results" / f"serving-{name}.json"
    record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    record["machine"] = here
    for part in [options.only] if options.only else PARTS:
        record[part] = PARTS[part]() | {"load_average": os.getloadavg()[0]}
        print("\n".join(serving_page.table(part, record[part])), "\n")
    write_atomically(path, json.dumps(record, indent=1))
    serving_page.write()
    print(f"Written: {path.relative_to(ROOT)} and {serving_page.PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
