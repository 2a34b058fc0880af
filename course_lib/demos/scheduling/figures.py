"""The figures of question 11 that are drawn from runs: waits, idle room, regret, unknown lengths."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.scheduling import gantt_chart
from course_lib.serving.scheduling.result import ClusterResult

FIXED = "fixed classes"


def gantt(result: ClusterResult, classes: Sequence[str], gpus: Mapping[str, str], name: str) -> go.Figure:
    """A run on `gpus` (name and label): arrivals, who had which GPU when, and who waited."""
    busy = result.gpu_busy()
    shares = ", ".join(f"{gpu} {seconds / result.makespan:.0%}" for gpu, seconds in busy.items())
    return look.paint(
        gantt_chart.frame(gpus), gantt_chart.traces(result, classes, list(gpus)),
        f"{name.capitalize()}: prompts wait {result.wait.mean():.1f} s on average, "
        f"{result.percentile('wait', 95):.1f} s in the slowest twentieth",
        f"Busy: {shares}",
    )  # fmt: skip


def waits(rates: Sequence[float], seconds: Mapping[str, Sequence[float]]) -> go.Figure:
    """Mean wait against the rate of requests, one line per rule, on a logarithmic scale (from 10 ms)."""
    drawing = go.Figure()
    ends = []
    for color, (name, values) in zip(look.COLORS, seconds.items(), strict=False):
        drawn = np.log10(np.maximum(0.01, values))
        drawing.add_scatter(
            x=rates, y=drawn, mode="lines+markers", line={"color": color, "width": 3}, marker_size=8
        )
        ends.append((rates[-1], drawn[-1], name, color))
    look.label(drawing, ends, gap=0.24)
    others = min(values[-1] for name, values in seconds.items() if name != FIXED)
    look.finish(
        drawing,
        f"At {rates[-1]:g} requests/s fixed classes wait {seconds[FIXED][-1]:.0f} s, the best {others:.2g} s",
        "Near-real traffic: prompts share a GPU while their tokens fit",
    )
    drawing.update_xaxes(title_text="requests per second")
    drawing.update_yaxes(
        title_text="mean wait (s)", tickvals=[-2, -1, 0, 1, 2], ticktext=["≤ 0.01", "0.1", "1", "10", "100"]
    )
    drawing.update_layout(margin_r=170)
    return drawing


def idle(parts: Mapping[str, float], held: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """What a rule lets short prompts use: `parts` are C4's shares in %, `held` each rule's use of C4 in %."""
    drawing = make_subplots(cols=2, horizontal_spacing=0.25, column_widths=[0.4, 0.6])
    drawing.add_bar(
        x=list(parts.values()), y=list(parts), orientation="h", marker_color=look.ORANGE, width=0.55,
        text=[f"{value:.0f} %" for value in parts.values()], textposition="inside", textfont_size=17,
        row=1, col=1,
    )  # fmt: skip
    for color, (name, use) in zip((look.ORANGE, look.BLUE), held.items(), strict=False):
        drawing.add_bar(
            x=list(use.values()), y=list(use), orientation="h", marker_color=color, width=0.35,
            text=[f"{name}: {value:.0f} %" for value in use.values()], textposition="outside",
            cliponaxis=False, row=1, col=2,
        )  # fmt: skip
    drawing.update_xaxes(title_text="share of C4 in the cluster (%)", range=[0, 100], col=1)
    drawing.update_xaxes(
        title_text="C4's use on near-real traffic (%)", range=[0, 135], tickvals=[0, 50, 100], col=2
    )
    drawing.update_yaxes(showgrid=False, autorange="reversed")
    first, second = held
    least = max(held[first].values())
    look.finish(
        drawing,
        f"{' and '.join(f'{value:.0f} % of the {name}' for name, value in parts.items())}, "
        f"at most {least:.0f} % used by {first}",
        f"{first.capitalize()} keep nearly every prompt off C4; {second} does not",
    )
    drawing.update_layout(barmode="group", height=330, margin_l=40)
    return drawing


def regret(won: Mapping[str, Sequence[float]], online: Sequence[str]) -> go.Figure:
    """Share won by each scheduler, a dot per day, a bar their mean; `online` ones know no lengths."""
    names = sorted(won, key=lambda name: float(np.mean(won[name])))
    means = [100 * float(np.mean(won[name])) for name in names]
    colors = [look.ORANGE if name in online else look.BLUE for name in names]
    drawing = go.Figure()
    drawing.add_bar(x=means, y=names, orientation="h", marker_color=colors, opacity=0.4, width=0.6)
    for name, color in zip(names, colors, strict=True):
        shares = [100 * share for share in won[name]]
        drawing.add_scatter(
            x=shares, y=[name] * len(shares), mode="markers", marker={"color": color, "size": 9}
        )
    drawing.add_vline(x=100, line={"color": look.TEXT, "dash": "dash"})
    best = max((name for name in names if name in online), key=lambda name: np.mean(won[name]))
    look.finish(
        drawing,
        f"Without lengths, {best} wins {np.mean(won[best]):.0%} of what can be won",
        "100 %: the exact optimum; 0 %: fixed classes; one dot per day. "
        f"<span style='color:{look.ORANGE}'>■</span> lengths unknown, "
        f"<span style='color:{look.BLUE}'>■</span> known",
    )
    drawing.update_xaxes(title_text="share won of the mean latency that can be won (%)")
    drawing.update_yaxes(showgrid=False)
    drawing.update_layout(height=160 + 42 * len(names), margin_l=20)
    return drawing


def unknown(waits: Mapping[str, float], recomputed: Mapping[str, float], reserved: str) -> go.Figure:
    """Two prices of not knowing: mean wait (s) and tokens computed again (%), a dot a way.

    `reserved` is the way that reserves most.
    """
    names = list(waits)
    xs, ys = [100 * recomputed[name] for name in names], [waits[name] for name in names]
    drawing = go.Figure()
    # Of two dots one above the other, the lower has its name below.
    rank = {name: place for place, name in enumerate(sorted(names, key=waits.__getitem__))}
    sides = ["top right" if rank[name] % 2 else "bottom right" for name in names]
    drawing.add_scatter(
        x=xs, y=ys, mode="markers+text", text=names, textposition=sides, cliponaxis=False,
        marker={"size": 13, "color": [look.ORANGE if name == reserved else look.BLUE for name in names]},
    )  # fmt: skip
    most = max(names, key=recomputed.__getitem__)
    look.finish(
        drawing,
        f"{reserved.capitalize()}: {waits[reserved]:.1f} s of waiting; "
        f"{most}: {recomputed[most]:.0%} computed again",
        "Not knowing how long an answer gets costs room, or work that is done twice",
    )
    drawing.update_xaxes(
        title_text="tokens computed again (% of all prompt tokens)", range=[-0.05 * max(xs), 1.35 * max(xs)]
    )
    drawing.update_yaxes(title_text="mean wait (s)", range=[-0.06 * max(ys), 1.2 * max(ys)])
    return drawing
