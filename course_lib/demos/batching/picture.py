"""What question 7's demo draws: how long people wait, and what the seats of the GPU do."""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.batching.curves import POLICY_COLORS
from course_lib.hardware import gpu
from course_lib.serving import Continuous, Result, Static, StepCost, Timeout, Trace, simulate
from course_lib.shapes import shape

POLICIES = ("static", "timeout", "continuous")
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
TIMEOUTS = (0, 0.5, 1, 2, 5, 10, 30)
THINK_TIMES = (600, 200, 60, 30, 12, 5)  # seconds: from an idle server to a full one
MOST_USERS = 128
WINDOW, BINS = 40.0, 300  # seconds of the strip, and its columns
BEFORE = 22.0  # seconds of the strip before the turn in the middle of the run
EMPTY, SPEAKING, HELD = 0, 1, 2
STRIP = [[0, "#F1F1F1"], [0.33, "#F1F1F1"], [0.33, look.BLUE], [0.67, look.BLUE],
         [0.67, look.ORANGE], [1, look.ORANGE]]  # fmt: skip
HIGHEST = 300.0  # seconds; waits are drawn up to here


@dataclass(frozen=True)
class Setting:
    """What the controls say. think_time: mean seconds between an answer and its user's next question."""

    policy: str
    batch: int
    seconds: float
    users: int
    think_time: float


@dataclass(frozen=True)
class Measured:
    """Half of the users wait at most `median` s for the first token, 95 % `p95`; infinite: it never comes.

    throughput: tokens/s; padding: share of the seats' steps that come after the end of the seat's answer.
    """

    result: Result
    median: float
    p95: float
    throughput: float
    padding: float


@functools.cache
def _card() -> StepCost:
    return StepCost.from_datasheet(shape("llama3-8b"), gpu("A100 80GB"))


@functools.cache
def _lengths() -> tuple[np.ndarray, np.ndarray]:
    """Tokens of questions and answers, as in an hour of a chat service."""
    twin = Trace.like_azure("conv", n=4 * MOST_USERS)
    return twin.input_tokens, twin.output_tokens


@functools.lru_cache(maxsize=64)
def _trace(users: int, think_time: float) -> Trace:
    """Users who think, ask and read, and so on."""
    rounds = max(4, 240 // users)
    return Trace.closed(users, think_time, rounds, lambda random, n: tuple(side[:n] for side in _lengths()))


def measure(setting: Setting) -> Measured:
    """Serve everybody; of the waits, the first round and the last one are left out."""
    return _measured(setting if setting.policy == "timeout" else replace(setting, seconds=0))


@functools.lru_cache(maxsize=2048)
def _measured(setting: Setting) -> Measured:
    policies = {
        "static": Static(setting.batch),
        "timeout": Timeout(setting.batch, setting.seconds),
        "continuous": Continuous(setting.batch),
    }
    trace = _trace(setting.users, setting.think_time)
    result = simulate(trace, policies[setting.policy], _card())
    counted = slice(setting.users, len(trace) - setting.users)
    waits = np.sort(np.where(result.served, result.ttft, np.inf)[counted])
    middle = [waits[math.ceil(q * len(waits) / 100) - 1] for q in (50, 95)]
    computed = result.tokens + result.padding
    padding = result.padding / computed if computed else 0.0
    return Measured(result, *middle, result.throughput, padding)


def curve(policy: str, batch: int, seconds: float, users: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens/s and the median wait at every thinking time, from an idle server to a full one."""
    found = [measure(Setting(policy, batch, seconds, users, think_time)) for think_time in THINK_TIMES]
    waits = np.array([m.median for m in found])
    return np.array([m.throughput for m in found]), np.where(np.isfinite(waits), waits, np.nan)


def seats(result: Result, count: int) -> tuple[np.ndarray, np.ndarray]:
    """What each of `count` seats does (count, BINS), and how many wait (BINS,), in the middle of the run."""
    doing, waiting = np.full((count, BINS), EMPTY, np.int8), np.zeros(BINS)
    if not result.served.any():
        return doing, np.full(BINS, float(np.isfinite(result.queued).sum()))
    turns = np.sort(result.started[result.served])
    begin = max(0.0, turns[len(turns) // 2] - BEFORE)
    columns = begin + (np.arange(BINS) + 0.5) * WINDOW / BINS
    rows = result.rows()
    _, batch = np.unique(result.started, return_inverse=True)
    ends = np.full(batch.max() + 1, -np.inf)
    np.maximum.at(ends, batch, np.nan_to_num(result.finished, nan=-np.inf))
    kept = ends[batch] if result.padding else result.finished
    for i in np.flatnonzero(result.served & (kept > begin) & (result.started < begin + WINDOW)):
        first, end, held = np.searchsorted(columns, (result.started[i], result.finished[i], kept[i]))
        doing[rows[i], first:end] = SPEAKING
        doing[rows[i], end:held] = HELD
    times, queue = result.queue_length()
    waiting = queue[np.clip(np.searchsorted(times, columns, side="right") - 1, 0, None)]
    return doing, waiting.astype(float)


def frame() -> go.Figure:
    """The three panels with their axes and labels, still without numbers."""
    drawing = make_subplots(
        rows=2, cols=2, column_widths=[0.56, 0.44], row_heights=[0.72, 0.28], horizontal_spacing=0.13,
        vertical_spacing=0.06, shared_xaxes=True, specs=[[{}, {"rowspan": 2}], [{}, None]],
        subplot_titles=(f"Seats of the GPU, {WINDOW:.0f} s", "From idle to full"),
    )  # fmt: skip
    time = (np.arange(BINS) + 0.5) * WINDOW / BINS
    drawing.add_heatmap(
        x=time, zmin=0, zmax=2, colorscale=STRIP, showscale=False, hoverinfo="skip", row=1, col=1
    )
    # Lines between the seats, because the heatmap's own gaps make Plotly draw it slowly, cell by cell.
    drawing.add_scatter(mode="lines", line={"color": "white", "width": 0.5}, hoverinfo="skip", row=1, col=1)
    drawing.add_scatter(
        x=time, mode="lines", fill="tozeroy", line={"color": look.GRAY, "width": 1.5, "shape": "hv"},
        hovertemplate="%{y:.0f} wait<extra></extra>", row=2, col=1,
    )  # fmt: skip
    for policy in POLICIES:
        drawing.add_scatter(
            mode="lines+markers+text", line={"color": POLICY_COLORS[policy], "width": 3}, marker_size=6,
            # The curve of timeouts rises through what would stand above its beginning.
            textposition="bottom right" if policy == "timeout" else "top right",
            textfont={"color": POLICY_COLORS[policy]}, cliponaxis=False,
            hovertemplate="%{x:.0f} tokens/s: %{customdata:.3g} s<extra>" + policy + "</extra>",
            row=1, col=2,
        )  # fmt: skip
    drawing.add_scatter(
        mode="markers", marker={"symbol": "circle-open", "size": 17, "color": look.TEXT, "line.width": 3},
        hoverinfo="skip", row=1, col=2,
    )  # fmt: skip
    drawing.update_yaxes(title_text="seats", range=[0, 1], showticklabels=False, ticks="", showgrid=False,
                         row=1, col=1)  # fmt: skip
    drawing.update_yaxes(title_text="people waiting", rangemode="tozero", row=2, col=1)
    drawing.update_xaxes(showticklabels=False, ticks="", range=[0, WINDOW], showgrid=False, row=1, col=1)
    drawing.update_xaxes(title_text="time (s)", range=[0, WINDOW], row=2, col=1)
    drawing.update_xaxes(title_text="tokens/s", rangemode="tozero", row=1, col=2)
    tens = range(-2, 3)
    drawing.update_yaxes(
        title_text="median time to first token (s)", range=[-2.1, math.log10(HIGHEST) + 0.2],
        tickvals=list(tens), ticktext=[f"{10.0**k:g}" for k in tens], row=1, col=2,
    )  # fmt: skip
    look.finish(drawing, "")
    drawing.update_layout(height=560, margin={"t": 120, "r": 60})
    return drawing


def contents(setting: Setting) -> dict:
    """What of the frame depends on the controls, as `look.paint` takes it; the title says what came out."""
    found = measure(setting)
    doing, waiting = seats(found.result, setting.batch)
    rows = (np.arange(setting.batch) + 0.5) / setting.batch
    between = np.arange(1, setting.batch) / setting.batch
    lines = {"x": [0, WINDOW, None] * len(between), "y": np.repeat(between, 3)}
    traces = [{"z": doing, "y": rows}, lines, {"y": waiting}]
    for policy in POLICIES:
        tokens, waits = curve(policy, setting.batch, setting.seconds, setting.users)
        drawn = np.isfinite(waits)
        names = [""] * len(THINK_TIMES)
        if drawn.any():
            names[int(np.flatnonzero(drawn)[0])] = policy
        traces.append(
            {"x": tokens, "y": np.log10(np.minimum(waits, HIGHEST)), "customdata": waits, "text": names}
        )
    here = math.isfinite(found.median)
    traces.append({
        "x": [found.throughput] if here else [],
        "y": [math.log10(min(found.median, HIGHEST))] if here else [],
    })  # fmt: skip
    finding, detail = _said(setting, found)
    return {"traces": traces, "finding": finding, "detail": detail}


def _said(setting: Setting, found: Measured) -> tuple[str, str]:
    who = f"{setting.users} user" + "s" * (setting.users > 1)
    if not found.result.served.any():
        return (
            f"{who}: a batch of {setting.batch} never starts",
            f"Static waits for {setting.batch} questions, and a user who waits for an answer asks no other",
        )
    how = {
        "static": f"static batches of {setting.batch}",
        "timeout": f"batches of {setting.batch} or after {setting.seconds:g} s",
        "continuous": f"{setting.batch} seats, admitted at every step",
    }[setting.policy]
    if not math.isfinite(found.median):
        return f"{who}, {how}: most are never answered", "The last questions of a session never fill a batch"
    empty = (
        f"<span style='color:{look.ORANGE}'>{found.padding:.0%} of what seats compute is for nobody</span>"
        if found.padding
        else "every seat computes for somebody"
    )
    return (
        f"{who}, {how}: half wait over {_seconds(found.median)}",
        f"One in twenty waits over {_seconds(found.p95)}; {found.throughput:,.0f} tokens/s; {empty}",
    )


def _seconds(wait: float) -> str:
    if not math.isfinite(wait):
        return "any time"
    return f"{wait:.0f} s" if wait >= 10 else f"{wait:.2g} s"


def figure(setting: Setting) -> go.Figure:
    """Strip of the seats, people waiting, and each policy's wait against its throughput."""
    return look.paint(frame(), **contents(setting))
