"""The pictures of question 7 of a few requests, of filling, and of servers that really ran."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

WAITING, SPEAKING, HELD = "#D9D9D9", look.BLUE, "#F2B48C"


def fill_times(users: Sequence[int], seconds: Sequence[float], batch: int, think_time: float) -> go.Figure:
    """Seconds until the first batch is full against the number of users; infinite where it never is."""
    users, seconds = np.asarray(users), np.asarray(seconds, float)
    starts = np.isfinite(seconds)
    drawing = go.Figure()
    drawing.add_scatter(
        x=users[starts], y=seconds[starts], mode="lines+markers", marker_size=6,
        line={"color": look.BLUE, "width": 3}, hovertemplate="%{x} users: %{y:.1f} s<extra></extra>",
    )  # fmt: skip
    finding = f"A batch of {batch} starts for every number of users"
    if not starts.all():
        last, first = users[~starts].max(), users[starts].min()
        drawing.add_vrect(
            x0=users.min() - 1, x1=last + 0.5, fillcolor=look.ORANGE, opacity=0.25, line_width=0
        )
        drawing.add_annotation(
            x=last, y=seconds[starts].max() / 2, text=f"never starts<br>up to {last} users", showarrow=False,
            xanchor="right", font_color=look.ORANGE,
        )  # fmt: skip
        took = f"{seconds[starts][0]:.0f} s"
        finding = f"With {last} users a batch of {batch} never starts; with {first} it takes {took}"
    look.finish(drawing, finding, f"Everybody thinks for {think_time:g} s on average, then asks")
    drawing.update_xaxes(title_text="users", range=[users.min() - 1, users.max() + 1])
    drawing.update_yaxes(title_text="until the first batch is full (s)", rangemode="tozero")
    return drawing


def strip(
    arrivals: Sequence[float],
    served: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    kept_together: Sequence[str] = (),
) -> go.Figure:
    """A row per request, a panel per policy: it waits, its answer comes, its seat is held for the longest.

    `served` gives times of first and last token, infinite for a request that is never served; of the policies
    in `kept_together` a batch is those that got the first token at one time, and lasts until its last answer
    ends.
    """
    arrivals = np.asarray(arrivals, float)
    ends = {name: np.asarray(last, float) for name, (_, last) in served.items()}
    horizon = 1.04 * max([arrivals.max(), *(end[np.isfinite(end)].max(initial=0) for end in ends.values())])
    drawing = make_subplots(
        cols=len(served), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=list(served)
    )
    waits = {}
    for column, (name, (first, last)) in enumerate(served.items(), 1):
        first, last = np.asarray(first, float), np.asarray(last, float)
        bars = {WAITING: ([], []), SPEAKING: ([], []), HELD: ([], [])}
        for row in range(len(arrivals)):
            _box(bars[WAITING], row, arrivals[row], min(first[row], horizon))
            if math.isfinite(first[row]):
                # The step of the first token would not show where it is also the last.
                _box(bars[SPEAKING], row, first[row] - 0.008 * horizon, last[row])
                if name in kept_together:
                    _box(bars[HELD], row, last[row], last[first == first[row]].max())
        for (color, (xs, ys)), word in zip(
            bars.items(), ("waits", "its answer comes", "holds a seat for the longest"), strict=True
        ):
            drawing.add_scatter(
                x=xs, y=ys, mode="lines", fill="toself", fillcolor=color, line={"width": 0},
                hoverinfo="text", text=word, row=1, col=column,
            )  # fmt: skip
        wait, never = first - arrivals, int(np.isinf(first).sum())
        waits[name] = f"endless for {never} of {len(wait)}" if never else f"{wait.mean():.1f} s"
        drawing.update_xaxes(title_text="time (s)", range=[0, horizon], row=1, col=column)
    look.finish(
        drawing,
        "Mean wait: " + "; ".join(f"{name} {wait}" for name, wait in waits.items()),
        f"<span style='color:{look.GRAY}'>gray waits for the first token</span>, "
        f"<span style='color:{SPEAKING}'>blue: the answer comes</span>"
        + f", <span style='color:{look.ORANGE}'>orange holds a seat until the longest answer ends</span>"
        * bool(set(served) & set(kept_together)),
    )
    drawing.update_yaxes(range=[len(arrivals) - 0.4, -0.6], showgrid=False, dtick=1)
    drawing.update_yaxes(title_text="request", col=1)
    drawing.update_layout(height=210 + 22 * len(arrivals), margin_t=120)
    return drawing


def _box(path: tuple[list, list], row: int, begin: float, end: float) -> None:
    xs, ys = path
    if end > begin:
        xs += [begin, end, end, begin, begin, None]
        ys += [row - 0.4, row - 0.4, row + 0.4, row + 0.4, row - 0.4, None]


def live_and_predicted(names: Sequence[str], measured: np.ndarray, predicted: np.ndarray) -> go.Figure:
    """Mean latency (policies, runs) of real servers, seconds: a dot for each run, and bars for what was
    predicted, averaged over the runs.
    """
    measured, predicted = np.asarray(measured, float), np.asarray(predicted, float)
    drawing = go.Figure()
    drawing.add_bar(
        x=predicted.mean(axis=1), y=list(names), orientation="h", width=0.6, marker_color="#CFCFCF",
        hovertemplate="predicted %{x:.3f} s<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(
        x=measured.ravel(), y=np.repeat(list(names), measured.shape[1]), mode="markers", opacity=0.75,
        marker={"size": 13, "color": look.BLUE}, hovertemplate="measured %{x:.3f} s<extra></extra>",
    )  # fmt: skip
    worst = np.abs(predicted.mean(axis=1) / measured.mean(axis=1) - 1).max()
    look.finish(
        drawing,
        f"Predicted to {worst:.0%} or better, policy by policy",
        f"<span style='color:{look.BLUE}'>●</span> each run of a real decoder on this machine; "
        "gray bars: the simulator, mean of the runs",
    )
    drawing.update_xaxes(title_text="mean latency (s)", rangemode="tozero")
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_layout(height=170 + 48 * len(names))
    return drawing
