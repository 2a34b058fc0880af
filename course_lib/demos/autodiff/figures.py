"""The pictures of lab 1, each drawn from numbers that were counted or measured before."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from course_lib.demos import look


def visits(doublings: Sequence[int], counted: Mapping[str, Sequence[int]]) -> go.Figure:
    """Visits of two ways back over x + x, added to itself again and again, by how often; logarithmic."""
    drawing, ends = go.Figure(), []
    for color, (name, numbers) in zip((look.ORANGE, look.BLUE), counted.items(), strict=True):
        drawing.add_scatter(
            x=list(doublings), y=list(numbers), mode="lines+markers", line={"color": color, "width": 3},
            marker_size=8, hovertemplate=f"{name}: %{{y:,}} visits<extra></extra>",
        )  # fmt: skip
        ends.append((doublings[-1], np.log10(numbers[-1]), f"{name}: {numbers[-1]:,}", color))
    look.label(drawing, ends, gap=0.3)
    (first, many), (second, few) = ((name, numbers[-1]) for name, numbers in counted.items())
    look.finish(
        drawing,
        f"x + x, {doublings[-1]} times: {many:,} visits by {first}, {few:,} by {second}",
        "visits of a backward pass that ends with the same gradient in both ways",
    )
    drawing.update_xaxes(
        title_text="how often the result is added to itself", dtick=2, range=[0, doublings[-1] + 0.3]
    )
    drawing.update_yaxes(title_text="visits", type="log", dtick=1)
    drawing.update_layout(margin={"l": 90, "r": 210})
    return drawing


def work(sizes: Sequence[int], backward: Sequence[float], differences: Mapping[int, float]) -> go.Figure:
    """Operations for all gradients, in forward passes, over the number of inputs; both axes logarithmic.

    backward: of forward and backward pass together; differences: inputs -> counted, where they were run.
    """
    drawing = go.Figure()
    drawing.add_scatter(
        x=list(sizes), y=[n + 1 for n in sizes], mode="lines", hoverinfo="skip",
        line={"color": look.ORANGE, "width": 2, "dash": "dot"},
    )  # fmt: skip
    drawing.add_scatter(
        x=list(differences), y=list(differences.values()), mode="markers", hoverinfo="y",
        marker={"color": look.ORANGE, "size": 12},
    )  # fmt: skip
    drawing.add_scatter(
        x=list(sizes), y=list(backward), mode="lines+markers", line={"color": look.BLUE, "width": 3},
        marker_size=10, hovertemplate="%{y:.2f} forward passes<extra></extra>",
    )  # fmt: skip
    last = np.log10(sizes[-1])
    ends = [
        (last, np.log10(sizes[-1] + 1), "differences: n + 1", look.ORANGE),
        (last, np.log10(backward[-1]), f"backward pass: {backward[-1]:.1f}", look.BLUE),
    ]
    look.label(drawing, ends, gap=0.4)
    look.finish(
        drawing,
        f"All gradients cost {min(backward):.1f} to {max(backward):.1f} forward passes, "
        f"for {sizes[0]} inputs as for {sizes[-1]:,}",
        "operations counted; a dot is a run of differences, the dotted line their n + 1 forward passes",
    )
    drawing.update_xaxes(
        title_text="inputs n", type="log", dtick=1, range=[np.log10(sizes[0]) - 0.1, last + 0.1]
    )
    drawing.update_yaxes(title_text="forward passes", type="log", dtick=1)
    drawing.update_layout(margin={"l": 90, "r": 210})
    return drawing


def differences(steps: Sequence[float], errors: Mapping[str, Sequence[float]]) -> go.Figure:
    """Relative error of central differences over their step, a line per type of number."""
    drawing, best = go.Figure(), {}
    places = (  # of the names: beside the line's point at an index
        (len(steps) * 2 // 3, {"xanchor": "right", "yanchor": "top", "xshift": -12}),
        (len(steps) - 1, {"xanchor": "left", "yanchor": "bottom", "yshift": 6}),
    )
    lines = zip((look.BLUE, look.ORANGE), places, errors.items(), strict=True)
    for color, (spot, place), (name, values) in lines:
        drawing.add_scatter(
            x=list(steps), y=list(values), mode="lines+markers", line={"color": color, "width": 3},
            marker_size=8, hovertemplate=f"{name}: step %{{x:.0e}}, error %{{y:.1e}}<extra></extra>",
        )  # fmt: skip
        at = int(np.argmin(values))
        best[name] = steps[at], values[at]
        drawing.add_annotation(
            x=np.log10(steps[spot]), y=np.log10(values[spot]), text=f"{name}, at best {values[at]:.0e}",
            font_color=color, showarrow=False, **place,
        )  # fmt: skip
    name, (step, error) = next(iter(best.items()))
    look.finish(
        drawing,
        f"Central differences are best at a step of {step:.0e}: {error:.0e} off in {name}",
        "to the right the formula is coarse, to the left rounding is divided by a small step",
    )
    drawing.update_xaxes(title_text="step of the difference", type="log", dtick=2, exponentformat="power")
    drawing.update_yaxes(
        title_text="relative error of the gradient", type="log", dtick=2, exponentformat="power"
    )
    drawing.update_layout(margin={"l": 100})
    return drawing


def learning(
    losses: Mapping[int, Sequence[float]], accuracy: Mapping[int, float], over: int = 20
) -> go.Figure:
    """Loss by step, averaged over so many steps, one line per seed, named by the accuracy at its end."""
    drawing, ends = go.Figure(), []
    for color, (seed, values) in zip(look.COLORS, losses.items(), strict=False):
        smooth = np.convolve(values, np.ones(over) / over, mode="valid")
        drawing.add_scatter(
            x=np.arange(over, len(values) + 1), y=smooth, mode="lines", line={"color": color, "width": 3},
            hovertemplate=f"seed {seed}, step %{{x}}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
        ends.append((len(values), smooth[-1], f"seed {seed}: {100 * accuracy[seed]:.1f} %", color))
    spread = max(max(values[:over]) for values in losses.values())
    look.label(drawing, ends, gap=spread / 14)
    look.finish(
        drawing,
        f"Your Tensor learns digits: at least {100 * min(accuracy.values()):.1f} % of the test images right",
        f"loss on the batch, averaged over {over} steps; beside each line the accuracy on 360 test images",
    )
    drawing.update_xaxes(title_text="step", range=[0, max(map(len, losses.values()))])
    drawing.update_yaxes(title_text="loss", rangemode="tozero")
    drawing.update_layout(margin={"r": 180})
    return drawing
