"""The pictures of question 3, each drawn from numbers the student's own functions computed."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look


def soft_lookup(
    angles: np.ndarray, found: Mapping[float, np.ndarray], key_angles: np.ndarray, values: np.ndarray
) -> go.Figure:
    """What a query at `angles` (n,) degrees finds among keys at other angles, a line a length of the query.

    found: length -> (n,); key_angles and values (keys,) are drawn as squares.
    """
    drawing = go.Figure()
    lengths = list(found)
    for color, length in zip(look.COLORS, lengths, strict=False):
        drawing.add_scatter(
            x=angles, y=found[length], mode="lines", line={"color": color, "width": 3},
            hovertemplate="query at %{x:.0f}°: %{y:.2f}<extra></extra>",
        )  # fmt: skip
    drawing.add_scatter(
        x=key_angles, y=values, mode="markers", hovertemplate="key at %{x:.0f}°, value %{y}<extra></extra>",
        marker={"symbol": "square", "size": 13, "color": look.TEXT},
    )  # fmt: skip
    span = float(np.ptp(values))
    ends = [
        (angles[-1], found[length][-1], f"query of length {length:g}", color)
        for color, length in zip(look.COLORS, lengths, strict=False)
    ]
    look.label(drawing, ends, gap=span / 12)
    nearest = values[np.abs(angles[:, None] - key_angles).argmin(axis=1)]
    share = np.mean(np.abs(found[lengths[-1]] - nearest) < 0.05 * span)
    look.finish(
        drawing,
        f"A long query finds the nearest key's value: at length {lengths[-1]:g} in {share:.0%} of directions",
        f"A query of length {lengths[0]:g} finds a mean of all; squares are the keys and their values",
    )
    drawing.update_layout(margin_r=180)
    drawing.update_xaxes(title_text="direction of the query (degrees)", range=[angles[0], angles[-1]])
    drawing.update_yaxes(title_text="value found")
    return drawing


def accuracy_and_learning(
    runs: Mapping[int, np.ndarray], steps: Sequence[int], curves: Mapping[int, np.ndarray]
) -> go.Figure:
    """Both answers right against heads, every run (seeds,) a dot, and beside it how the mean was learned.

    runs: heads -> accuracies (seeds,); curves: heads -> (len(steps), seeds).
    """
    drawing = make_subplots(cols=2, horizontal_spacing=0.13, column_widths=[0.5, 0.5])
    heads, places = list(runs), np.arange(len(runs))
    accuracy = 100 * np.array([np.asarray(runs[n]) for n in heads])  # (head counts, seeds)
    means, spread = accuracy.mean(axis=1), np.ptp(accuracy, axis=1)
    drawing.add_scatter(
        x=places, y=means, mode="lines", line={"color": look.GRAY, "width": 3}, hoverinfo="skip"
    )
    ends = []
    for place, n, color in zip(places, heads, look.COLORS, strict=False):
        drawing.add_scatter(
            x=np.full(accuracy.shape[1], place), y=accuracy[place], mode="markers", opacity=0.7,
            marker={"color": color, "size": 11}, hovertemplate=f"{n} heads: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
        curve = 100 * np.asarray(curves[n]).mean(axis=1)
        drawing.add_scatter(
            x=list(steps), y=curve, mode="lines", line={"color": color, "width": 3}, row=1, col=2,
            hovertemplate=f"{n} heads, step %{{x}}: %{{y:.0f}} %<extra></extra>",
        )  # fmt: skip
        ends.append((steps[-1], curve[-1], f"{n} head{'s' if n > 1 else ''}", color))
    look.label(drawing, ends, gap=6.5, row=1, col=2)
    best = heads[int(means.argmax())]
    look.finish(
        drawing,
        f"On average, {heads[0]} head names both in {means[0]:.0f} %, {best} in {means.max():.0f} %, "
        f"{heads[-1]} in {means[-1]:.0f} %",
        f"{accuracy.shape[1]} models each, every one a dot (at most {spread.max():.0f} points apart); "
        "right: their mean as they learn",
    )
    drawing.update_xaxes(title_text="heads", tickvals=places, ticktext=[str(n) for n in heads], col=1)
    drawing.update_xaxes(title_text="training steps", range=[0, 1.02 * steps[-1]], col=2)
    drawing.update_yaxes(
        title_text="both answers right (%)", range=[0, 113], tickvals=[0, 20, 40, 60, 80, 100]
    )
    drawing.update_layout(margin_r=110, height=460)
    return drawing


def division_of_labor(at_needles: Mapping[int, np.ndarray]) -> go.Figure:
    """Mean weight of each head on the first and on the second needle, a panel for each number of heads.

    at_needles: heads -> (seeds, heads, 2); every head of every model is a dot.
    """
    counts = list(at_needles)
    drawing = make_subplots(
        cols=len(counts),
        horizontal_spacing=0.06,
        shared_yaxes=True,
        subplot_titles=[f"{n} head{'s' if n > 1 else ''}" for n in counts],
    )
    for column, n in enumerate(counts, 1):
        weights = 100 * np.asarray(at_needles[n])
        for color, of_model in zip(look.COLORS, weights, strict=False):
            drawing.add_scatter(
                x=of_model[:, 0], y=of_model[:, 1], mode="markers", row=1, col=column, opacity=0.8,
                marker={"size": 12, "color": color, "line": {"color": "white", "width": 1}},
                hovertemplate="%{x:.0f} % on the first, %{y:.0f} % on the second<extra></extra>",
            )  # fmt: skip
    divided = {n: sum(_looks_for_both(model) for model in weights) for n, weights in at_needles.items()}
    models = len(at_needles[counts[0]])
    first, *others = (f"{divided[n]} of {models}" for n in counts)
    said = [f"{first} models with {counts[0]} head{'s' * (counts[0] > 1)}"]
    said += [f"{share} with {n}" for share, n in zip(others, counts[1:], strict=True)]
    look.finish(
        drawing,
        f"A head for each needle: {', '.join(said)}",
        "Mean weights over unseen questions; a dot for each head, a color for each model",
    )
    drawing.update_xaxes(title_text="on the first needle (%)", range=[-4, 104])
    drawing.update_yaxes(range=[-4, 104])
    drawing.update_yaxes(title_text="on the second needle (%)", col=1)
    drawing.update_layout(height=430, margin_t=120)
    return drawing


def _looks_for_both(model: np.ndarray) -> bool:
    """Whether of the heads (heads, 2) one puts most weight on the first needle and one on the second."""
    return bool((np.asarray(model) > 0.5).any(axis=0).all())


def cost_of_heads(heads: Sequence[int], relative: Mapping[str, Sequence[float]]) -> go.Figure:
    """Costs against heads, each (heads,) relative to the first number of heads, a line a cost."""
    drawing = go.Figure()
    ends = []
    for color, (name, values) in zip(look.COLORS, relative.items(), strict=False):
        drawing.add_scatter(
            x=list(heads), y=list(values), mode="lines+markers", line={"color": color, "width": 3},
            marker_size=9, hovertemplate=f"%{{x}} heads: %{{y:.2f}} times the {name}<extra></extra>",
        )  # fmt: skip
        ends.append((np.log10(heads[-1]), np.log10(values[-1]), name, color))
    look.label(drawing, ends, gap=0.13)
    last = ", ".join(f"{values[-1]:.3g}× the {name}" for name, values in relative.items())
    look.finish(drawing, f"{heads[-1]} heads: {last}", f"against {heads[0]} head of the same total width")
    ticks = [1, 2, 4, 8, 16, 32, 64]
    ends = [np.log10(heads[0]) - 0.05, np.log10(heads[-1]) + 0.05]
    drawing.update_xaxes(title_text="heads", type="log", tickvals=list(heads), range=ends)
    drawing.update_yaxes(title_text="times as much", type="log", tickvals=ticks)
    drawing.update_layout(margin_r=210)
    return drawing
