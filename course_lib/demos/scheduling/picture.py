"""What question 11's demo draws: a rule, the cluster it runs, and the queues it leaves."""

import functools
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from course_lib.demos import look
from course_lib.demos.scheduling import gantt_chart
from course_lib.seeds import stream
from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.regret import COST, UNIT_TOKENS
from course_lib.serving.scheduling.result import ClusterResult
from course_lib.serving.trace import Trace

CLUSTER = case_cluster()
GPUS = {gpu.name: f"{gpu.name} · {gpu.memory_bytes / 1e9:.0f} GB" for gpu in CLUSTER.gpus}
ROOMS = (CLUSTER.places["C1"].room, CLUSTER.places["A1"].room)
REQUESTS = 60
# Each rule, and the line of it that matters.
RULES = {
    "fixed classes": (schedulers.fixed_classes, "a prompt may go where room == room_of_its_class"),
    "spill": (schedulers.spill, "a prompt may go where room >= tokens"),
    "longest first": (
        schedulers.longest_first,
        "room >= tokens; the queue by length of answer, longest first",
    ),
    "shortest first": (
        schedulers.shortest_first,
        "room >= tokens; the queue by length of answer, shortest first",
    ),
}
LOADS = (0.4, 0.6, 0.8, 1.0, 1.2)
SHORT = (0.6, 0.8, 0.95)


@dataclass(frozen=True)
class Day:
    """A run, and the class of each of its requests."""

    result: ClusterResult
    classes: np.ndarray


@functools.cache
def traffic(load: float, short: float) -> Trace:
    """Requests, a share of them short, a third of the others large, at a `load` of all five GPUs."""
    random = stream("scheduling demo")
    n, kinds = REQUESTS, random.permutation(REQUESTS)
    long = round((1 - short) * n)
    bounds = np.where(kinds < long // 3, 2, np.where(kinds < long, 1, 0))
    seconds = np.ceil(random.lognormal(1.0, 0.7, n)).astype(int)
    outputs = seconds * UNIT_TOKENS
    low, high = np.array([(200, 4000), (6000, 16000), (18000, 48000)])[bounds].T
    gaps = random.exponential(1.0, n)
    arrival = np.cumsum(gaps) * seconds.sum() / (len(GPUS) * load) / gaps.sum()
    return Trace(arrival - arrival[0], random.integers(low, high), np.minimum(outputs, 24 * UNIT_TOKENS))


@functools.cache
def run(rule: str, load: float, short: float) -> Day:
    """The day under a rule of RULES, one prompt at a time on each GPU, lengths known."""
    trace = traffic(load, short)
    result = simulate_cluster(trace, RULES[rule][0], CLUSTER, COST, exclusive=True)
    return Day(result, gantt_chart.classes_of(trace.input_tokens + trace.output_tokens, ROOMS))


def c4_share(result: ClusterResult) -> float:
    """Share of the time in which C4's GPUs serve, up to the last arrival."""
    end = float(result.queued.max())
    rows = [row for row in result.gpu_rows() if row[0] in ("A1", "A2")]
    return sum(max(0.0, min(stop, end) - start) for _, start, stop, _ in rows) / (2 * end)


def contents(rule: str, load: float, short: float) -> dict:
    """What of the frame depends on the setting, as `look.paint` takes it; the title says what came out."""
    day = run(rule, load, short)
    waits = [f"{name} {run(name, load, short).result.wait.mean():.1f} s" for name in RULES]
    return {
        "traces": gantt_chart.traces(day.result, day.classes, list(GPUS)),
        "finding": f"{rule.capitalize()}: C4 works {c4_share(day.result):.0%} of the time, "
        f"and prompts wait {day.result.wait.mean():.1f} s",
        "detail": f"The line: {RULES[rule][1]}<br>Mean wait: {', '.join(waits)}",
    }


def frame() -> go.Figure:
    """The cluster, still empty."""
    drawing = gantt_chart.frame(GPUS)
    drawing.update_layout(margin_t=130, height=560)
    return drawing


def figure(rule: str = "fixed classes", load: float = 0.8, short: float = 0.95) -> go.Figure:
    """Arrivals, who was served where and when, and the queue of each class."""
    return look.paint(frame(), **contents(rule, load, short))
