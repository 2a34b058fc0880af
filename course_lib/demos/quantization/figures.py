"""The pictures of question 2, each drawn from numbers the student's own functions computed."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look


def rounding(x: np.ndarray, x_hat: np.ndarray, scale: float, zero_point: int, bits: int) -> go.Figure:
    """Values x (n,) above the grid's lines, an arrow from each to the grid value x_hat (n,) it became."""
    codes = np.arange(2**bits)
    grid = scale * (codes - zero_point)
    worst = int(np.argmax(np.abs(x - x_hat)))
    drawing = go.Figure()
    for line in grid:
        drawing.add_vline(x=line, line_color="#BBBBBB", line_width=1.5, layer="below")
    for i, (start, end) in enumerate(zip(x, x_hat, strict=True)):
        drawing.add_annotation(
            x=end, y=0.05, ax=start, ay=0.92, xref="x", yref="y", axref="x", ayref="y", showarrow=True,
            arrowhead=2, arrowwidth=2.5 if i == worst else 1.5,
            arrowcolor=look.ORANGE if i == worst else look.BLUE,
        )  # fmt: skip
    drawing.add_scatter(x=x, y=np.ones(len(x)), mode="markers", marker={"size": 11, "color": look.BLUE})
    drawing.add_annotation(x=x[worst], y=1.14, text="worst", font_color=look.ORANGE, showarrow=False)
    error = float(np.abs(x - x_hat).max())
    look.finish(
        drawing,
        f"Largest error {error:.3f}: {error / scale:.2f} of a step",
        f"{bits} bits, {2**bits} codes, one step = {scale:.3f}; code {zero_point} is exactly zero",
    )
    drawing.update_layout(height=330)
    names = [f"{code}<br>{value:.2f}" for code, value in zip(codes, grid, strict=True)]
    drawing.update_xaxes(title_text="code (value below it)", showgrid=False, tickvals=grid, ticktext=names)
    drawing.update_yaxes(range=[0, 1.25], tickvals=[0.05, 1], ticktext=["after", "before"], showgrid=False)
    return drawing


def sqnr_against_bits(bits: Sequence[int], decibels: Mapping[str, Sequence[float]]) -> go.Figure:
    """SQNR in dB against bits, a line per distribution, beside 20·log10(2^b - 1); the title has the slope."""
    bits = np.asarray(bits)
    theory = 20 * np.log10(2.0**bits - 1)
    drawing = go.Figure()
    drawing.add_scatter(x=bits, y=theory, mode="lines", line={"color": look.GRAY, "dash": "dash", "width": 4})
    ends = [(bits[-1], theory[-1], "20 log₁₀(2ᵇ − 1)", "#6E6E6E")]
    for color, (name, values) in zip(look.COLORS, decibels.items(), strict=False):
        drawing.add_scatter(x=bits, y=values, mode="lines+markers", line_color=color, marker_size=8)
        ends.append((bits[-1], values[-1], name, color))
    look.label(drawing, ends, gap=5)
    shape, first = next(iter(decibels.items()))
    steep = bits >= 5
    slope = np.polyfit(bits[steep], np.asarray(first)[steep], 1)[0]
    look.finish(
        drawing,
        f"From 5 bits up, each bit brings {slope:.2f} dB ({shape} data)",
        f"From {bits[0]} to {bits[1]} bits: "
        + ", ".join(f"{values[1] - values[0]:.1f} dB ({name})" for name, values in decibels.items()),
    )
    drawing.update_layout(margin_r=190, height=470)
    drawing.update_xaxes(title_text="bits per value", dtick=1)
    drawing.update_yaxes(title_text="SQNR (dB)")
    return drawing


def error_map(W: np.ndarray, rebuilt: Mapping[str, np.ndarray], decibels: Mapping[str, float]) -> go.Figure:
    """|W - Ŵ| over the rms weight of its row, a panel for each way to share scales; all (rows, columns)."""
    rms = np.sqrt((W**2).mean(axis=1, keepdims=True))
    names = list(rebuilt)
    drawing = make_subplots(
        cols=len(names),
        horizontal_spacing=0.08,
        subplot_titles=[f"{name}: {decibels[name]:.1f} dB" for name in names],
    )
    for column, name in enumerate(names, 1):
        error = np.clip(np.abs(W - rebuilt[name]) / rms, 1e-3, 1)
        drawing.add_heatmap(
            z=np.log10(error).astype(np.float32), coloraxis="coloraxis", row=1, col=column,
            hovertemplate="row %{y}, column %{x}: 10^%{z:.1f}<extra></extra>",
        )  # fmt: skip
    gain = decibels[names[-1]] - decibels[names[0]]
    look.finish(
        drawing,
        f"{names[-1].capitalize()} brings back {gain:.0f} dB",
        "SQNR of all rows but the bad one stands above its panel",
    )
    drawing.update_xaxes(title_text="input (column of W)", showgrid=False)
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_yaxes(title_text="unit (row of W)", col=1)
    drawing.update_layout(
        height=430,
        margin_t=120,
        coloraxis={
            "colorscale": look.HEAT, "cmin": -3, "cmax": 0,
            "colorbar": {**look.PERCENT_BAR, "title.text": "share of the<br>row's typical<br>weight (rms)"},
        },
    )  # fmt: skip
    return drawing


def accuracy_and_bytes(
    formats: Sequence[str], accuracy: Mapping[str, np.ndarray], nbytes: Mapping[str, Sequence[float]]
) -> go.Figure:
    """Accuracy (formats, seeds), and beside it bytes (formats,), a line per granularity; every run is a dot.

    The first format is the exact one, to which the others are compared.
    """
    drawing = make_subplots(cols=2, horizontal_spacing=0.2, column_widths=[0.56, 0.44])
    places = np.arange(len(formats))
    left, right = [], []
    for name, color in zip(accuracy, look.COLORS, strict=False):
        runs, kilobytes = 100 * np.asarray(accuracy[name]), np.asarray(nbytes[name]) / 1e3
        _runs(drawing, places, runs, color, row=1, col=1)
        drawing.add_scatter(
            x=places, y=kilobytes, mode="lines+markers", line={"color": color, "width": 3}, row=1, col=2
        )
        left.append((places[-1], runs[-1].mean(), name, color))
        right.append((places[-1], kilobytes[-1], name, color))
    bottom = 10 * np.floor(10 * min(float(np.min(runs)) for runs in accuracy.values()))
    look.label(drawing, left, gap=(102 - bottom) / 14, row=1, col=1)
    look.label(drawing, right, gap=max(map(max, nbytes.values())) / 1e3 / 14, row=1, col=2)
    first = next(iter(accuracy))
    means = 100 * np.mean(accuracy[first], axis=1)
    lost = means[0] - means
    harmless = [form for form, points in zip(formats, lost, strict=True) if points < 1][-1]
    look.finish(
        drawing,
        f"One scale per {first}: accuracy holds down to {harmless}, "
        f"{formats[-1]} lose {lost[-1]:.0f} points on average",
        f"{len(accuracy[first][0])} networks, every run a dot, lines their means",
    )
    drawing.update_xaxes(
        title_text="bits per weight", tickvals=places, ticktext=[form.split()[0] for form in formats]
    )
    drawing.update_yaxes(title_text="test accuracy (%)", range=[bottom, 102], col=1)
    drawing.update_yaxes(title_text="weights (kB)", rangemode="tozero", col=2)
    drawing.update_layout(margin_r=110, height=460)
    return drawing


def accuracy_against_factor(
    factors: Sequence[float], accuracy: Mapping[str, np.ndarray], factor: float
) -> go.Figure:
    """Accuracy (factors, seeds) at 8 bits against the factor of one unit, a line per granularity.

    The title compares them at `factor`.
    """
    drawing = go.Figure()
    ends = []
    for color, (name, runs) in zip(look.COLORS, accuracy.items(), strict=False):
        runs = 100 * np.asarray(runs)
        _runs(drawing, factors, runs, color)
        ends.append((np.log10(factors[-1]), runs[-1].mean(), f"one scale per {name}", color))
    look.label(drawing, ends, gap=7)
    at = list(factors).index(factor)
    found = [f"{100 * np.mean(runs[at]):.0f} % with one scale per {name}" for name, runs in accuracy.items()]
    look.finish(
        drawing,
        f"The same function, f = {factor:g}: on average {', '.join(found)}",
        "8 bits; one unit's incoming weights × f, its outgoing weights ÷ f; every run a dot",
    )
    drawing.update_xaxes(
        title_text="factor f", type="log", tickvals=list(factors), ticktext=[f"{f:g}" for f in factors]
    )
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 104])
    drawing.update_layout(margin_r=190)
    return drawing


def equal_bytes(accuracy: Mapping[str, Sequence[float]], kilobytes: float) -> go.Figure:
    """Test accuracy of networks of the same bytes, a column per choice of width and bits, every run a dot."""
    drawing = go.Figure()
    means = {name: 100 * float(np.mean(runs)) for name, runs in accuracy.items()}
    for color, (name, runs) in zip(look.COLORS, accuracy.items(), strict=False):
        drawing.add_scatter(
            x=[name] * len(runs), y=100 * np.asarray(runs), mode="markers",
            marker={"size": 13, "color": color, "opacity": 0.7},
        )  # fmt: skip
        drawing.add_scatter(
            x=[name], y=[means[name]], mode="markers",
            marker={"symbol": "line-ew-open", "size": 46, "color": color, "line_width": 3},
        )  # fmt: skip
        drawing.add_annotation(
            x=name, y=means[name], text=f"{means[name]:.1f} %", xanchor="left", xshift=38,
            font_color=color, showarrow=False,
        )  # fmt: skip
    best = max(means, key=means.get)
    look.finish(
        drawing,
        f"In the same {kilobytes:.0f} kB, {best} does best: {means[best]:.1f} % on average",
        "dots are runs, bars their means",
    )
    drawing.update_xaxes(title_text="hidden width and bits per weight", range=[-0.5, len(means) - 0.35])
    drawing.update_yaxes(title_text="test accuracy (%)")
    return drawing


def clipping_and_depth(
    bits: Sequence[int], decibels: Mapping[str, np.ndarray], errors: np.ndarray
) -> go.Figure:
    """SQNR in dB (bits, seeds) of two ranges of a grid, and beside it relative errors (layers, seeds).

    The first range is the whole one; the title says what the other one gains at 4 and at 8 bits.
    """
    drawing = make_subplots(
        cols=2, horizontal_spacing=0.2, subplot_titles=("rounding and clipping", "layer after layer, 4 bits")
    )
    ends = []
    for color, (name, runs) in zip(look.COLORS, decibels.items(), strict=False):
        _runs(drawing, bits, runs, color, row=1, col=1)
        ends.append((bits[-1], runs[-1].mean(), name, color))
    look.label(drawing, ends, gap=np.ptp([*decibels.values()]) / 13, row=1, col=1)
    layers = np.arange(1, len(errors) + 1)
    _runs(drawing, layers, errors, look.GREEN, row=1, col=2)
    whole, cut = (runs.mean(axis=1) for runs in decibels.values())
    said = [
        f"{'gains' if gain > 0 else 'costs'} {abs(gain):.1f} dB at {b} bits"
        for b, gain in zip(bits, cut - whole, strict=True)
        if b in (4, 8)
    ]
    first, *_, last = errors.mean(axis=1)
    look.finish(
        drawing,
        f"Cutting the ends {' and '.join(said)}, on average",
        f"right: after {layers[-1]} layers the error is on average {last / first:.1f} times that after "
        "the first; every run a dot",
    )
    drawing.update_xaxes(title_text="bits per value", tickvals=list(bits), col=1)
    drawing.update_xaxes(title_text="ReLU layers", tickvals=[1, 4, 8, 12, 16], col=2)
    drawing.update_yaxes(title_text="SQNR (dB)", col=1)
    drawing.update_yaxes(title_text="relative error of the output", rangemode="tozero", col=2)
    drawing.update_layout(height=450, margin={"t": 130, "r": 40})
    return drawing


def _runs(drawing: go.Figure, x: Sequence[float], runs: np.ndarray, color: str, **where) -> None:
    """A line through the means of runs (len(x), seeds), and every run as a dot."""
    drawing.add_scatter(x=x, y=runs.mean(axis=1), mode="lines", line={"color": color, "width": 3}, **where)
    drawing.add_scatter(
        x=np.repeat(x, runs.shape[1]), y=runs.ravel(), mode="markers", opacity=0.6,
        marker={"color": color, "size": 8}, **where,
    )  # fmt: skip
