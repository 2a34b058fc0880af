"""The pictures of question 6 that are drawn from what the student's functions and the ranks gave."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.costs import layouts
from course_lib.demos import look
from course_lib.demos.parallelism.pipeline import COLORS
from course_lib.parallelism.job import Spell


def schedule(starts: np.ndarray, stage_times: Sequence[float]) -> go.Figure:
    """Starts (stages, microbatches) as bars as long as their stage takes, a row for each stage."""
    times = np.asarray(stage_times, dtype=float)
    stages, microbatches = np.shape(starts)
    rows = [
        [(start, start + times[stage], i) for i, start in enumerate(starts[stage])] for stage in range(stages)
    ]
    span = float((starts + times[:, None]).max() - starts.min())
    idle = 1 - times.sum() * microbatches / (stages * span)
    equal = (stages - 1) / (microbatches + stages - 1)
    drawing = _bars(rows, [f"stage {stage}" for stage in range(stages)])
    look.finish(
        drawing,
        f"{microbatches} microbatches over {stages} stages: {idle:.0%} of the time is idle",
        f"Stages of {', '.join(f'{time:g}' for time in times)}; equal stages would idle for {equal:.0%}",
    )
    drawing.update_xaxes(title_text="time (units of stage_times)")
    drawing.update_layout(height=150 + 55 * stages)
    return drawing


def ranks_at_work(run) -> go.Figure:
    """When each rank of a Run computed, a color for each group; what is white was waiting and messages."""
    began = min(rank.began for rank in run.ranks)
    rows = [_turns(rank.spells, 1e3 * (rank.began - began)) for rank in run.ranks]
    drawing = _bars(rows, [f"rank {rank}" for rank in range(len(rows))])
    look.finish(
        drawing,
        f"{run.layout}: {run.idle:.0%} of the ranks' time is idle",
        f"As measured: {run.tokens.size} tokens in {1e3 * run.seconds:.0f} ms; a color per group of users",
    )
    drawing.update_xaxes(title_text="time (ms)")
    drawing.update_layout(height=170 + 45 * len(rows))
    return drawing


def _turns(spells: Sequence[Spell], offset: float) -> list[tuple[float, float, int]]:
    """Spells as (start, end, group) in ms from `offset` on, one per turn: a layer is computed in two halves.

    Halves of one group that lie less than a millisecond apart are one turn: no screen shows such a gap.
    """
    turns: list[tuple[float, float, int]] = []
    for spell in spells:
        start, end = offset + 1e3 * spell.start, offset + 1e3 * spell.end
        if turns and turns[-1][2] == spell.group and start - turns[-1][1] < 1:
            start = turns.pop()[0]
        turns.append((start, end, spell.group))
    return turns


def _bars(rows: Sequence[Sequence[tuple[float, float, int]]], names: Sequence[str]) -> go.Figure:
    """Rows of (start, end, group), one filled trace per group."""
    drawing = go.Figure()
    for group in sorted({group for row in rows for *_, group in row}):
        xs, ys = [], []
        for place, row in enumerate(rows):
            for start, end, of in row:
                if of == group:
                    xs += [start, end, end, start, start, None]
                    ys += [place - 0.36, place - 0.36, place + 0.36, place + 0.36, place - 0.36, None]
        drawing.add_scatter(
            x=xs, y=ys, mode="lines", fill="toself", fillcolor=COLORS[group % len(COLORS)],
            line={"color": "white", "width": 1}, hoverinfo="text", text=f"group {group}",
        )  # fmt: skip
    drawing.update_yaxes(
        range=[len(rows) - 0.4, -0.6], tickvals=list(range(len(rows))), ticktext=names, showgrid=False
    )
    drawing.update_xaxes(rangemode="tozero")
    return drawing


def token_time(shards: Sequence[int], seconds: Mapping[str, Sequence[float]], model: str) -> go.Figure:
    """Time of a token in ms against the number of shards, a line per link; the title names the best."""
    drawing = go.Figure()
    ends, best = [], []
    for color, (link, times) in zip(look.COLORS, seconds.items(), strict=False):
        milliseconds = 1e3 * np.asarray(times)
        drawing.add_scatter(
            x=np.log2(shards), y=milliseconds, mode="lines+markers", line={"color": color, "width": 3},
            marker_size=9,
        )  # fmt: skip
        ends.append((np.log2(shards[-1]), milliseconds[-1], link, color))
        best.append(f"{shards[int(np.argmin(milliseconds))]} over {link}")
    look.label(drawing, ends, gap=1e3 * max(map(max, seconds.values())) / 14)
    look.finish(
        drawing,
        f"Fastest: {', '.join(best)}",
        f"{model}, one user; two all-reduces per layer",
    )
    drawing.update_xaxes(title_text="shards of each layer", tickvals=np.log2(shards), ticktext=list(shards))
    drawing.update_yaxes(title_text="time per token (ms)", rangemode="tozero")
    drawing.update_layout(margin_r=200)
    return drawing


def measured_and_predicted(
    names: Sequence[str], panels: Mapping[str, tuple[Sequence[float], Sequence[float]]], error: float
) -> go.Figure:
    """One row per layout, one panel per quantity: measured (dots), computed (bars); `error` for the title."""
    drawing = make_subplots(cols=len(panels), shared_yaxes=True, horizontal_spacing=0.05)
    for column, (quantity, (measured, predicted)) in enumerate(panels.items(), 1):
        place = {"row": 1, "col": column}
        drawing.add_bar(x=predicted, y=names, orientation="h", marker_color="#CFCFCF", width=0.6, **place)
        drawing.add_scatter(
            x=measured, y=names, mode="markers", marker={"size": 12, "color": look.BLUE}, **place
        )
        most = max(max(measured), max(predicted)) or 1
        drawing.update_xaxes(title_text=quantity, range=[0, 1.12 * most], col=column)
    look.finish(
        drawing,
        f"Half of the computed times are within {error:.0%} of the measured ones",
        f"<span style='color:{look.BLUE}'>●</span> measured; gray: computed from latency and bandwidth",
    )
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_layout(height=170 + 38 * len(names), margin_l=20)
    return drawing


def bubble(groups: Sequence[int], stages: int, idle: Mapping[str, tuple[int, np.ndarray]]) -> go.Figure:
    """Idle share (len(groups),) against groups, a dot each, and the schedule's line.

    Each way has its number of rounds; the title says how far a dot is off at most.
    """
    drawing = go.Figure()
    ends, worst = [], 0.0
    for color, (name, (rounds, measured)) in zip(look.COLORS, idle.items(), strict=False):
        expected = np.array([layouts.pipeline_idle([1.0] * stages, count, rounds) for count in groups])
        worst = max(worst, float(np.abs(expected - measured).max()))
        drawing.add_scatter(
            x=groups, y=100 * expected, mode="lines", line={"color": color, "width": 2, "dash": "dash"}
        )
        drawing.add_scatter(x=groups, y=100 * measured, mode="markers", marker={"color": color, "size": 11})
        ends.append((groups[-1], 100 * expected[-1], name, color))
    look.label(drawing, ends, gap=6)
    look.finish(
        drawing,
        f"The bubble is as predicted, within {worst:.2f}",
        f"{stages} stages; dots are measured, dashed lines the schedule",
    )
    drawing.update_xaxes(title_text="groups of users in flight", tickvals=list(groups))
    drawing.update_yaxes(title_text="idle share of the stages' time (%)", range=[0, 100])
    drawing.update_layout(margin_r=230)
    return drawing
