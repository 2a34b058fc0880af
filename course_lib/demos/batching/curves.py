"""The curves of question 7: what people wait, and what the GPU gives, against load and users."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

POLICY_COLORS = {
    "static": look.ORANGE,
    "timeout": look.PURPLE,
    "greedy": look.GREEN,
    "continuous": look.BLUE,
}


def first_tokens(
    rates: Sequence[float], seconds: Mapping[str, np.ndarray], percentiles: Sequence[int], target: float
) -> go.Figure:
    """Percentiles (rates, percentiles) of the time to first token against load, one panel per policy.

    The title says for which loads each keeps the highest percentile within `target` seconds.
    """
    drawing = make_subplots(
        cols=len(seconds), shared_yaxes=True, horizontal_spacing=0.02, subplot_titles=list(seconds)
    )
    kept = {}
    for column, (name, values) in enumerate(seconds.items(), 1):
        values = np.where(np.isfinite(values), values, np.nan)
        for i, (q, dash, width) in enumerate(
            zip(percentiles, ("dot", "dash", "solid"), (2, 2, 3), strict=True)
        ):
            drawing.add_scatter(
                x=np.log10(rates), y=np.log10(values[:, i]), mode="lines+markers", row=1, col=column,
                line={"color": POLICY_COLORS[name], "width": width, "dash": dash}, marker_size=5,
                customdata=np.column_stack([rates, values[:, i]]),
                hovertemplate=f"p{q} at %{{customdata[0]:g}}/s: %{{customdata[1]:.3g}} s<extra></extra>",
            )  # fmt: skip
        drawing.add_hline(y=math.log10(target), line={"color": look.GRAY, "width": 1.5}, row=1, col=column)
        ticks = [rate for rate in rates if math.log10(rate).is_integer()] or [rates[0], rates[-1]]
        drawing.update_xaxes(
            title_text="requests/s", tickvals=np.log10(ticks), ticktext=[f"{r:g}" for r in ticks],
            row=1, col=column,
        )  # fmt: skip
        good = np.asarray(rates)[np.nan_to_num(values[:, -1], nan=np.inf) <= target]
        kept[name] = f"{good.min():g} to {good.max():g}/s" if len(good) else "never"
    low, high = math.floor(_least(seconds)), math.ceil(_most(seconds))
    drawing.update_yaxes(
        tickvals=list(range(low, high + 1)), ticktext=[f"{10.0**k:g}" for k in range(low, high + 1)]
    )
    drawing.update_yaxes(title_text="time to first token (s)", col=1)
    look.finish(
        drawing,
        f"p{percentiles[-1]} within {target:g} s: "
        + "; ".join(f"{name} {span}" for name, span in kept.items()),
        "dotted p{}, dashed p{}, solid p{}; the gray line is the target".format(*percentiles),
    )
    drawing.update_layout(height=480, margin_t=120, title_font_size=19)
    return drawing


def _least(seconds: Mapping[str, np.ndarray]) -> float:
    return min(np.log10(values[np.isfinite(values)].min()) for values in seconds.values())


def _most(seconds: Mapping[str, np.ndarray]) -> float:
    return max(np.log10(values[np.isfinite(values)].max()) for values in seconds.values())


def throughput(rates: Sequence[float], tokens: Mapping[str, Sequence[float]]) -> go.Figure:
    """Tokens per second against load, a line per policy, "static" among them."""
    drawing, ends = go.Figure(), []
    for name, values in tokens.items():
        drawing.add_scatter(
            x=np.log10(rates), y=values, mode="lines+markers",
            line={"color": POLICY_COLORS[name], "width": 3},
            hovertemplate="%{y:.0f} tokens/s<extra>" + name + "</extra>",
        )  # fmt: skip
        ends.append((math.log10(rates[-1]), values[-1], name, POLICY_COLORS[name]))
    most = {name: max(values) for name, values in tokens.items()}
    best = max(most, key=most.get)
    look.label(drawing, ends, gap=most[best] / 14)
    look.finish(
        drawing,
        f"{best.capitalize()}: {most[best]:,.0f} tokens/s at most, "
        f"{most[best] / most['static']:.1f} times as many as static",
        "The same engine and the same requests",
    )
    ticks = [rate for rate in rates if math.log10(rate).is_integer()]
    drawing.update_xaxes(
        title_text="requests/s", tickvals=np.log10(ticks), ticktext=[f"{r:g}" for r in ticks]
    )
    drawing.update_yaxes(title_text="tokens/s", rangemode="tozero")
    drawing.update_layout(margin_r=130)
    return drawing


def two_harms(
    rates: Sequence[float],
    fill: Sequence[float],
    engine: Sequence[float],
    padding: Mapping[str, Sequence[float]],
) -> go.Figure:
    """Left, the mean wait in static batches: to fill, and for the engine. Right, the share of seats that
    compute nothing, in %, one line per policy."""
    drawing = make_subplots(
        cols=2, horizontal_spacing=0.2, subplot_titles=("A member waits", "Seats that compute nothing")
    )
    x = np.log10(rates)
    ends = []
    for name, values, color in (("to fill", fill, look.ORANGE), ("for the engine", engine, look.GREEN)):
        values = np.maximum(values, 1e-2)
        drawing.add_scatter(
            x=x, y=np.log10(values), mode="lines+markers", line={"color": color, "width": 3}, row=1, col=1
        )
        ends.append((x[-1], math.log10(values[-1]), name, color))
    look.label(drawing, ends, gap=0.3, row=1, col=1)
    ends = []
    for name, shares in padding.items():
        drawing.add_scatter(
            x=x, y=shares, mode="lines+markers", line={"color": POLICY_COLORS[name], "width": 3}, row=1, col=2
        )
        ends.append((x[-1], shares[-1], name, POLICY_COLORS[name]))
    look.label(drawing, ends, gap=7, row=1, col=2)
    ticks = [rate for rate in rates if math.log10(rate).is_integer()]
    drawing.update_xaxes(
        title_text="requests/s", tickvals=np.log10(ticks), ticktext=[f"{r:g}" for r in ticks],
        range=[x[0] - 0.1, x[-1] + 1.0],
    )  # fmt: skip
    tens = range(-2, math.ceil(np.log10(max(*fill, *engine))) + 1)
    drawing.update_yaxes(
        title_text="mean wait (s)", tickvals=list(tens), ticktext=[f"{10.0**k:g}" for k in tens], col=1
    )
    drawing.update_yaxes(title_text="share of seats (%)", range=[-3, 100], col=2)
    least, most = f"{min(padding['static']):.0f}", f"{max(padding['static']):.0f}"
    look.finish(
        drawing,
        f"Filling: {fill[0]:.0f} s at {rates[0]:g}/s, {fill[-1]:.1f} s at {rates[-1]:g}/s. "
        "Waiting for the longest: "
        f"{least if least == most else f'{least} to {most}'}% of the seats at every load",
        "Static batches: one harm goes away as load rises, the other never does. Bottom: 0.01 s or less",
    )
    drawing.update_layout(title_font_size=19)
    return drawing


def against_users(users: Sequence[int], seconds: Mapping[str, Sequence[float]], batch: int) -> go.Figure:
    """Median time to first token against the number of users who think and ask, one line per policy."""
    drawing, ends = go.Figure(), []
    for name, values in seconds.items():
        values = np.asarray(values, float)
        shown = np.where(np.isfinite(values), values, np.nan)
        drawing.add_scatter(
            x=users, y=np.log10(shown), mode="lines+markers", line={"color": POLICY_COLORS[name], "width": 3},
            customdata=shown, hovertemplate="%{x} users: %{customdata:.3g} s<extra>" + name + "</extra>",
        )  # fmt: skip
        ends.append((users[-1], float(np.log10(shown[-1])), name, POLICY_COLORS[name]))
    look.label(drawing, ends, gap=0.22)
    drawing.add_vrect(x0=users[0], x1=batch - 0.5, fillcolor=look.ORANGE, opacity=0.15, line_width=0)
    drawing.add_annotation(
        x=batch - 1, y=1, yref="paper", text="no batch ever starts: <br>static answers nobody ",
        showarrow=False, xanchor="right", yanchor="top", font_color=look.ORANGE,
    )  # fmt: skip
    static = dict(zip(users, seconds["static"], strict=True))
    near = min(user for user in users if math.isfinite(static[user]))
    other = dict(zip(users, seconds["continuous"], strict=True))[near]
    look.finish(
        drawing,
        f"{near} users, batches of {batch}: half wait over {static[near]:.0f} s; "
        f"admitted at every step, {other:.2g} s",
        "Median time to first token; each user thinks, asks, reads, and thinks again",
    )
    low = math.floor(min(np.log10(np.min(v)) for v in seconds.values() if np.isfinite(v).all()))
    drawing.update_yaxes(
        title_text="time to first token (s)", range=[low - 0.1, 2.4], tickvals=list(range(low, 3)),
        ticktext=[f"{10.0**k:g}" for k in range(low, 3)],
    )  # fmt: skip
    drawing.update_xaxes(title_text="users", range=[users[0], users[-1] + 2])
    drawing.update_layout(margin_r=130)
    return drawing
