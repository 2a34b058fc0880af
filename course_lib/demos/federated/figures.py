"""The pictures of lab 7, each drawn from numbers that the student's own functions computed."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

COLORS = (look.BLUE, look.GREEN, look.ORANGE, look.PURPLE, look.SKY, look.GRAY)
ROOM = 170  # pixels for the names beside the ends of lines
GAP = 6  # pixels of the images between two of them


def histories(curves: Mapping[str, np.ndarray]) -> go.Figure:
    """Accuracy in percent (seeds, rounds + 1) by name: the mean as a line, each run thin beside it.

    The title names the best and the worst after the last round of each. Raises ValueError without a curve.
    """
    if not curves:
        raise ValueError("the figure needs at least one curve")
    drawing, ends = go.Figure(), []
    for color, (name, runs) in zip(COLORS, curves.items(), strict=False):
        after, mean = np.arange(runs.shape[1]), runs.mean(axis=0)
        for run in runs:
            drawing.add_scatter(
                x=after, y=run, mode="lines", line={"color": color, "width": 1}, opacity=0.35,
                hoverinfo="skip",
            )  # fmt: skip
        drawing.add_scatter(
            x=after, y=mean, mode="lines+markers", line={"color": color, "width": 3},
            hovertemplate=f"{name}: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
        ends.append((after[-1], mean[-1], name, color))
    best, worst = (pick(ends, key=lambda end: end[1]) for pick in (max, min))
    finding = f"After the last round: {best[1]:.0f} % with {best[2]}"
    if worst[2] != best[2]:
        finding += f", {worst[1]:.0f} % with {worst[2]}"
    look.finish(drawing, finding, "Lines are means; each thin line is one run")
    look.label(drawing, ends, gap=6)
    most = max(end[0] for end in ends)
    drawing.update_xaxes(title_text="rounds", dtick=1, range=[-0.02 * most, 1.02 * most])
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103])
    drawing.update_layout(margin_r=ROOM)
    return drawing


def work(panels: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]]) -> go.Figure:
    """Accuracy in percent (seeds,) by what is held equal, then by split, then by how the work was done.

    A panel for each thing held equal, in it a line for each split between its two ways. The title says what
    the second way changes against the first in the last panel, the line below it the same of the others.
    """
    drawing = make_subplots(cols=len(panels), horizontal_spacing=0.16, subplot_titles=list(panels))
    said = []
    for column, (held, lines) in enumerate(panels.items(), 1):
        ends, changes = [], []
        for color, (split, ways) in zip((look.BLUE, look.ORANGE), lines.items(), strict=True):
            first, second = ways.values()
            drawing.add_scatter(
                x=[0, 1], y=[first.mean(), second.mean()], mode="lines", line={"color": color, "width": 3},
                hoverinfo="skip", row=1, col=column,
            )  # fmt: skip
            drawing.add_scatter(
                x=np.repeat([0, 1], len(first)), y=np.concatenate([first, second]), mode="markers",
                marker={"color": color, "size": 9, "opacity": 0.6}, row=1, col=column,
                hovertemplate="%{y:.1f} %<extra></extra>",
            )  # fmt: skip
            ends.append((1, second.mean(), split, color))
            change = second.mean() - first.mean()
            changes.append(f"{'+' if change >= 0 else '−'}{abs(change):.0f} points {split}")
        look.label(drawing, ends, gap=7, row=1, col=column)
        drawing.update_xaxes(
            title_text="how the clients work", tickvals=[0, 1], ticktext=list(ways), range=[-0.25, 1.75],
            row=1, col=column,
        )  # fmt: skip
        first, second = ways
        said.append(f"{held}, {second} in place of {first}: {', '.join(changes)}")
    look.finish(drawing, said[-1], "; ".join([*said[:-1], "each dot is one run"]))
    drawing.update_yaxes(range=[0, 103])
    drawing.update_yaxes(title_text="test accuracy (%)", col=1)
    drawing.update_layout(height=440, margin_t=125)
    return drawing


def sent(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], target: float, needed: Mapping[str, float]
) -> go.Figure:
    """Accuracy in percent (m,) by the megabytes (m,) that a client sends and receives.

    target: the accuracy in percent that is marked; needed: the megabytes up to there, by name. The title
    compares the most with the least of them.
    """
    drawing, ends = go.Figure(), []
    for color, (name, (megabytes, accuracy)) in zip(COLORS[::2], curves.items(), strict=False):
        started = megabytes > 0  # a logarithmic axis has no place for the model before the first byte
        drawing.add_scatter(
            x=megabytes[started], y=accuracy[started], mode="lines+markers",
            line={"color": color, "width": 3}, marker_size=5,
            hovertemplate=f"{name}: %{{x:.2f}} MB, %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
        drawing.add_vline(x=needed[name], line={"color": color, "width": 1.5, "dash": "dot"})
        ends.append((np.log10(megabytes[-1]), accuracy[-1], name, color))
    drawing.add_hline(y=target, line={"color": look.GRAY, "width": 1.5, "dash": "dot"})
    least, most = (pick(needed, key=needed.get) for pick in (min, max))
    look.finish(
        drawing,
        f"{target:.0f} % with {needed[most] / needed[least]:.0f} times fewer bytes: {needed[least]:.2g} MB "
        f"with {least}, {needed[most]:.2g} MB with {most}",
        "One run each; dotted: where the accuracy is first reached",
    )
    look.label(drawing, ends, gap=6)
    reach = [np.log10(one[one > 0][place]) for one, _ in curves.values() for place in (0, -1)]
    drawing.update_xaxes(
        title_text="megabytes that a client sends and receives", type="log", dtick=1,
        range=[min(reach) - 0.1, max(reach) + 0.1],
    )  # fmt: skip
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103])
    drawing.update_layout(margin_r=ROOM)
    return drawing


def between(places: np.ndarray, losses: Mapping[str, np.ndarray]) -> go.Figure:
    """Loss (seeds, places) of the models on a line, by the starts of its two ends; 0 and 1 are the ends.

    The title says what the loss half way is, in means of the losses at the two ends.
    """
    drawing, ends, said = go.Figure(), [], []
    first, middle, last = (int(np.argmin(np.abs(places - place))) for place in (0, 0.5, 1))
    for color, (name, runs) in zip((look.BLUE, look.ORANGE), losses.items(), strict=True):
        for run in runs:
            drawing.add_scatter(
                x=places, y=run, mode="lines", line={"color": color, "width": 2}, opacity=0.7,
                hovertemplate="place %{x:.2f}: loss %{y:.2f}<extra></extra>",
            )  # fmt: skip
        times = (2 * runs[:, middle] / (runs[:, first] + runs[:, last])).mean()
        said.append(f"{times:.2f} times with {name}")
        ends.append((places[-1], runs[:, -1].mean(), name, color))
    for place in (0, 0.5, 1):
        drawing.add_vline(x=place, line={"color": look.GRAY, "width": 1, "dash": "dot"})
    look.finish(
        drawing,
        f"Loss of the average, against the mean of its two models: {', '.join(said)}",
        "Each line is one run",
    )
    look.label(drawing, ends, gap=0.1 * max(float(runs.max()) for runs in losses.values()))
    drawing.update_xaxes(
        title_text="place on the line", tickvals=[0, 0.5, 1], ticktext=["first model", "average", "second"],
        range=[places[0], places[-1]],
    )  # fmt: skip
    drawing.update_yaxes(title_text="loss on all training images", rangemode="tozero")
    drawing.update_layout(margin_r=ROOM)
    return drawing


def revealed(images: np.ndarray, found: np.ndarray) -> go.Figure:
    """Images (n, rows, columns) that never left their clients, above what the server read out of updates."""
    gap = np.full((images.shape[1], GAP), np.nan)
    rows = [np.hstack([part for image in row for part in (image, gap)][:-1]) for row in (images, found)]
    between_rows = np.full((GAP, rows[0].shape[1]), np.nan)
    drawing = go.Figure(
        go.Heatmap(
            z=np.vstack([rows[0], between_rows, rows[1]]), colorscale=[[0, "white"], [1, look.TEXT]],
            zmin=0, zmax=1, showscale=False, hoverinfo="skip",
        )
    )  # fmt: skip
    apart = np.format_float_positional(np.abs(images - found).max(), 1, fractional=False, trim="-")
    look.finish(
        drawing,
        f"What the server computes from one step on one image: no pixel is more than {apart} off",
        "Pixels go from 0 to 1",
    )
    height = images.shape[1]
    drawing.update_xaxes(visible=False)
    drawing.update_yaxes(
        tickvals=[height / 2, GAP + 1.5 * height], ticktext=["held by the client", "read by the server"],
        autorange="reversed", scaleanchor="x", showgrid=False, showline=False, ticks="",
    )  # fmt: skip
    drawing.update_layout(height=100 + 2 * 110)
    return drawing
