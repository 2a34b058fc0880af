"""The pictures of question 4, each drawn from numbers the student's own functions computed."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.learning_rate.curvature import Path
from course_lib.learning_rate.curves import Curves

LEARNED = 0.8  # the accuracy from which a network counts as having learned


def quadratic_paths(paths: Mapping[float, np.ndarray], limit: float) -> go.Figure:
    """Distance from the minimum, step by step, one line per rate; paths: rate -> positions (steps + 1, n)."""
    drawing = go.Figure()
    ends = []
    steps = len(next(iter(paths.values()))) - 1
    for color, (rate, path) in zip(look.COLORS, paths.items(), strict=False):
        distance = np.maximum(np.linalg.norm(path, axis=1), 1e-9)
        drawing.add_scatter(
            x=np.arange(len(path)), y=distance, mode="lines+markers", line_color=color, marker_size=6
        )
        ends.append((steps, np.log10(distance[-1]), f"rate {rate:g}", color))
    heights = [end[1] for end in ends]
    look.label(drawing, ends, gap=max(0.4, (max(heights) - min(heights)) / 14))
    away = [rate for rate, path in paths.items() if np.linalg.norm(path[-1]) > np.linalg.norm(path[0])]
    look.finish(
        drawing,
        f"The limit is {limit:g}: "
        + (
            f"rate {', '.join(f'{rate:g}' for rate in away)} flies away"
            if away
            else "every rate comes to rest"
        ),
        "Gradient descent in one bowl: below the limit it comes to rest, at the limit it jumps forever",
    )
    drawing.update_layout(margin_r=110, height=430)
    drawing.update_xaxes(title_text="step", range=[0, steps])
    drawing.update_yaxes(title_text="distance from the minimum", type="log", dtick=1, exponentformat="power")
    return drawing


def range_test(rates: np.ndarray, losses: np.ndarray, picked: float) -> go.Figure:
    """Loss of each step against the rate of that step, both (steps,), and the rate that was picked."""
    drawing = go.Figure()
    shown = np.isfinite(losses) & (losses < 4)
    drawing.add_scatter(
        x=rates[shown], y=losses[shown], mode="lines+markers", line_color=look.BLUE, marker_size=5
    )
    drawing.add_vline(x=picked, line_color=look.ORANGE, line_width=3)
    drawing.add_annotation(
        x=np.log10(picked), y=0.04, yref="y domain", text=f"picked: {picked:.2g}", font_color=look.ORANGE,
        showarrow=False, xanchor="right", xshift=-8,
    )  # fmt: skip
    lowest = rates[np.nanargmin(np.where(shown, losses, np.nan))]
    look.finish(
        drawing,
        f"One short run finds a rate: {picked:.2g}",
        f"{len(rates)} steps, each at a larger rate; the single lowest loss is at {lowest:.2g}",
    )
    drawing.update_layout(height=400)
    drawing.update_xaxes(title_text="rate of the step", type="log", dtick=1, exponentformat="power")
    drawing.update_yaxes(title_text="loss of its batch")
    return drawing


def schedules(factors: Mapping[str, Sequence[float]]) -> go.Figure:
    """Factor of the rate at each step, one line per schedule; the title gives the area under each."""
    drawing = go.Figure()
    shares = []
    for color, (name, values) in zip(look.COLORS, factors.items(), strict=False):
        drawing.add_scatter(
            x=np.arange(len(values)), y=values, mode="lines", line={"color": color, "width": 3}
        )
        peak = int(np.argmax(values))
        place = int(0.62 * len(values))
        drawing.add_annotation(
            x=place, y=values[place], text=name, font_color=color, showarrow=False, xanchor="left", yshift=14
        )
        shares.append(f"{100 * np.mean(values):.0f} % ({name}, highest in step {peak})")
    look.finish(drawing, "A cosine takes away about half of the rate", "Mean factor: " + ", ".join(shares))
    drawing.update_layout(height=360)
    drawing.update_xaxes(title_text="step")
    drawing.update_yaxes(title_text="factor of the rate", range=[0, 1.05])
    return drawing


def accuracy_maps(measured: Mapping[str, tuple[Sequence[float], Curves]], rows: str = "rate") -> go.Figure:
    """Test accuracy, a row for each rate, a column for each epoch, a panel for each input scaling.

    measured: scaling -> (rates, Curves). A dot marks a row's first epoch with at least LEARNED; the number
    beside a row is its accuracy after the last.
    """
    names = list(measured)
    drawing = make_subplots(cols=len(names), horizontal_spacing=0.11, subplot_titles=names)
    largest = []
    for column, name in enumerate(names, 1):
        rates, curves = measured[name]
        accuracy = curves.validation.T  # (rates, epochs)
        places, epochs = np.arange(len(rates)), np.arange(1, accuracy.shape[1] + 1)
        drawing.add_heatmap(
            x=epochs, y=places, z=100 * accuracy, coloraxis="coloraxis", row=1, col=column, xgap=1, ygap=2,
            hovertemplate="epoch %{x}: %{z:.0f} %<extra></extra>",
        )  # fmt: skip
        learned = (accuracy >= LEARNED).any(axis=1)
        drawing.add_scatter(
            x=epochs[np.argmax(accuracy >= LEARNED, axis=1)[learned]], y=places[learned], mode="markers",
            marker={"size": 9, "color": look.TEXT, "line": {"color": "white", "width": 1.5}},
            row=1, col=column, hovertemplate="first epoch that learned<extra></extra>",
        )  # fmt: skip
        for place, last in zip(places, accuracy[:, -1], strict=True):
            drawing.add_annotation(
                x=epochs[-1] + 0.6, y=place, text=f"{100 * last:.0f}", font_size=13, showarrow=False,
                xanchor="left", row=1, col=column,
            )  # fmt: skip
        drawing.update_yaxes(
            tickvals=places, ticktext=[f"{rate:g}" for rate in rates], showgrid=False, row=1, col=column
        )
        ends = [rate for rate, row in zip(rates, accuracy, strict=True) if row[-1] >= LEARNED]
        largest.append(f"{max(ends):g}" if ends else "none")
    look.finish(
        drawing,
        f"The largest {rows} that ends above {100 * LEARNED:.0f} %: {', '.join(largest)}",
        f"One row per network; dot: its first epoch with {100 * LEARNED:.0f} %; number: where it ends",
    )
    drawing.update_xaxes(title_text="epoch", showgrid=False, dtick=3, tick0=3)
    drawing.update_yaxes(title_text=rows, col=1)
    drawing.update_layout(
        height=430, margin_t=130,
        coloraxis={
            "colorscale": look.HEAT, "cmin": 10, "cmax": 100,
            "colorbar": {
                "title": {"text": "test<br>accuracy (%)", "font": {"size": 15}}, "outlinewidth": 0,
                "tickvals": [20, 40, 60, 80],
            },
        },
    )  # fmt: skip
    drawing.update_annotations(selector={"yref": "paper"}, yshift=4)
    return drawing


def one_rate_two_schedules(
    rate: float, accuracy: Mapping[str, np.ndarray], factors: Mapping[str, Sequence[float]]
) -> go.Figure:
    """Test accuracy (epochs, seeds) above, the rate of each step (steps,) below; a color a schedule."""
    drawing = make_subplots(rows=2, row_heights=[0.78, 0.22], vertical_spacing=0.1, shared_xaxes=True)
    found, ends = [], []
    for color, name in zip((look.ORANGE, look.BLUE), accuracy, strict=True):
        runs = 100 * np.asarray(accuracy[name])
        epochs = np.arange(len(runs) + 1)
        for run in runs.T:
            drawing.add_scatter(
                x=epochs[1:], y=run, mode="lines+markers", line={"color": color, "width": 3}, marker_size=8,
                opacity=0.85, hovertemplate=f"{name}: %{{y:.0f}} %<extra></extra>", row=1, col=1,
            )  # fmt: skip
        low, high = runs[-1].min(), runs[-1].max()
        found.append(f"{name} ends at {low:.0f} to {high:.0f} %")
        ends.append((len(runs), runs[-1].mean(), f"<b>{name}</b>", color))
        steps = np.arange(len(factors[name])) * len(runs) / len(factors[name])
        drawing.add_scatter(
            x=steps, y=rate * np.asarray(factors[name]), mode="lines", line={"color": color, "width": 4},
            row=2, col=1, hovertemplate="rate %{y:.3f}<extra></extra>",
        )  # fmt: skip
    look.label(drawing, ends, gap=8, row=1, col=1)
    drawing.add_hline(y=10, line={"color": look.GRAY, "dash": "dot", "width": 2}, row=1, col=1)
    drawing.add_annotation(
        x=0.05, y=10, text="guessing", font={"size": 14, "color": "#6E6E6E"}, showarrow=False, xanchor="left",
        yshift=-10, row=1, col=1,
    )  # fmt: skip
    look.finish(
        drawing,
        f"Rate {rate:g}: {', '.join(found)}",
        f"{np.shape(next(iter(accuracy.values())))[1]} networks, each trained twice from the same start "
        "on the same batches",
    )
    drawing.update_layout(height=620, margin_r=110)
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103], dtick=20, row=1, col=1)
    drawing.update_yaxes(title_text="rate", range=[0, 1.15 * rate], row=2, col=1)
    drawing.update_xaxes(range=[0, len(next(iter(accuracy.values())))], dtick=2)
    drawing.update_xaxes(title_text="epoch", row=2, col=1)
    return drawing


def bouncing(curves: Curves) -> go.Figure:
    """Accuracy of n networks by epoch, in color the one that changes most; below, the digits it names."""
    drawing = make_subplots(rows=2, row_heights=[0.72, 0.28], vertical_spacing=0.09, shared_xaxes=True)
    epochs = np.arange(1, len(curves.validation) + 1)
    n = curves.validation.shape[1]
    changes = 100 * np.abs(np.diff(curves.validation, axis=0))  # (epochs - 1, n)
    chosen = int(np.argmax(changes.mean(axis=0)))
    for i in sorted(range(n), key=lambda i: i == chosen):  # the colored one on top
        line = {"color": look.ORANGE, "width": 4} if i == chosen else {"color": "#C4C4C4", "width": 1.5}
        drawing.add_scatter(
            x=epochs, y=100 * curves.validation[:, i], mode="lines", line=line, row=1, col=1,
            hovertemplate=f"network {i}, epoch %{{x}}: %{{y:.0f}} %<extra></extra>",
        )  # fmt: skip
    drawing.add_bar(x=epochs, y=curves.classes[:, chosen], marker_color=look.ORANGE, row=2, col=1)
    learned = int((curves.validation[-1] >= LEARNED).sum())
    look.finish(
        drawing,
        f"The accuracy changes by {changes.mean():.0f} points per epoch, and {learned or 'none'} of {n} "
        f"networks {'have' if learned > 1 else 'has'} learned",
        "In color the network that changes most; below, how many of the digits this network answers with",
    )
    drawing.update_layout(height=520)
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103], row=1, col=1)
    drawing.update_yaxes(title_text="digits<br>answered", range=[0, 10.5], dtick=5, row=2, col=1)
    drawing.update_xaxes(range=[0.5, len(epochs) + 0.5])
    drawing.update_xaxes(title_text="epoch", row=2, col=1)
    return drawing


def sharpness_along_paths(paths: Sequence[Path]) -> go.Figure:
    """Loss above and rate · sharpness / 2 below, one line per rate; a ring marks each path's first rise."""
    drawing = make_subplots(rows=2, row_heights=[0.5, 0.5], vertical_spacing=0.08, shared_xaxes=True)
    below, above, found = [], [], []
    for color, path in zip(look.COLORS, paths, strict=False):
        steps = np.arange(len(path.loss))
        line = {"color": color, "width": 3}
        drawing.add_scatter(x=steps, y=path.loss, mode="lines", line=line, row=1, col=1)
        ratio = path.rate * path.sharpness / 2
        drawing.add_scatter(
            x=path.measured, y=ratio, mode="lines+markers", line=line, marker_size=5, row=2, col=1
        )
        above.append((steps[-1], np.log10(path.loss[-1]), f"rate {path.rate:g}", color))
        below.append((steps[-1], ratio[-1], f"rate {path.rate:g}", color))
        if path.first_rise is not None:
            ring = {"size": 16, "color": "rgba(0,0,0,0)", "line": {"color": color, "width": 3}}
            drawing.add_scatter(
                x=[path.first_rise], y=[path.loss[path.first_rise]], mode="markers", marker=ring, row=1, col=1
            )
            crossed = "never" if path.crossing is None else f"at step {path.crossing}"
            found.append(f"{path.rate:g}: crossed {crossed}, loss rises at step {path.first_rise}")
        else:
            found.append(f"{path.rate:g}: peaks at {ratio.max():.2f}, no rise")
    look.label(drawing, above, gap=0.16, row=1, col=1)
    look.label(drawing, below, gap=0.35, row=2, col=1)
    limit = {"color": look.TEXT, "dash": "dash", "width": 2}
    drawing.add_scatter(x=[0, len(paths[0].loss) - 1], y=[1, 1], mode="lines", line=limit, row=2, col=1)
    late = [
        path.first_rise - path.crossing for path in paths if path.crossing is not None and path.first_rise
    ]
    calm = sum(path.first_rise is None for path in paths)
    look.finish(
        drawing,
        f"The loss rises {min(late)} to {max(late)} steps after ηλ/2 passes 1"
        + (f"; {calm} path stays below and never rises" if calm else "")
        if late
        else "No path passes 1",
        "; ".join(found),
    )
    drawing.update_layout(height=620, margin_r=110)
    drawing.update_yaxes(title_text="loss", type="log", row=1, col=1, dtick=1, exponentformat="power")
    drawing.update_yaxes(title_text="η λ / 2", rangemode="tozero", row=2, col=1)
    drawing.update_xaxes(title_text="step of full-batch gradient descent", row=2, col=1)
    return drawing


def from_a_checkpoint(losses: Mapping[float, np.ndarray], sharpness: float) -> go.Figure:
    """Loss (steps + 1,) over its value at the checkpoint, a line a share c of the rate 2 / sharpness."""
    drawing = go.Figure()
    ends = []
    steps = len(next(iter(losses.values()))) - 1
    for color, (share, loss) in zip(look.COLORS, losses.items(), strict=False):
        relative = loss / loss[0]
        drawing.add_scatter(
            x=np.arange(len(loss)), y=relative, mode="lines", line={"color": color, "width": 3}
        )
        ends.append((steps, np.log10(relative[-1]), f"{share:g} · 2/λ", color))
    look.label(drawing, ends, gap=0.07)
    calm = [share for share, loss in losses.items() if (np.diff(loss) <= 0).all()]
    wild = [share for share in losses if share not in calm]
    parts = [
        f"{verb} at {', '.join(f'{share:g}' for share in shares)} of 2/λ"
        for verb, shares in (("falls throughout", calm), ("rises", wild)) if shares
    ]  # fmt: skip
    look.finish(
        drawing,
        "From one checkpoint the loss " + " and ".join(parts),
        f"Sharpness there λ = {sharpness:.1f}, so 2/λ = {2 / sharpness:.3f}",
    )
    drawing.update_layout(height=430, margin_r=120)
    drawing.update_xaxes(title_text="step after the checkpoint")
    drawing.update_yaxes(
        title_text="loss / loss at the checkpoint", type="log", tickvals=[0.5, 0.7, 1, 1.5, 2, 3, 5]
    )
    return drawing
