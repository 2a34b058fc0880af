"""The pictures of lab 6, drawn from what the student's own functions computed and what a run measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

COLORS = (look.BLUE, look.ORANGE, look.GREEN, look.PURPLE, look.SKY, look.GRAY)
ROOM = 170  # pixels for the names beside the ends of lines
WINDOW = 10  # steps over which a loss is averaged before it is drawn


@dataclass(frozen=True)
class Share:
    """A share in percent by length: of the formula, as measured, and the length at which it is a half."""

    lengths: np.ndarray
    percent: np.ndarray
    measured_lengths: Sequence[float]
    measured_percent: Sequence[float]
    half: float


def shares(lines: Mapping[str, Share]) -> go.Figure:
    """What attention takes of a block, by length: a line of the formula and dots of a measurement each."""
    drawing, ends = go.Figure(), []
    for color, (name, share) in zip(COLORS, lines.items(), strict=False):
        drawing.add_scatter(
            x=share.lengths, y=share.percent, mode="lines", line={"color": color, "width": 3},
            hovertemplate=f"{name}: %{{y:.1f}} % at %{{x:,.0f}} tokens<extra></extra>",
        )  # fmt: skip
        drawing.add_scatter(
            x=share.measured_lengths, y=share.measured_percent, mode="markers",
            marker={"color": color, "size": 10}, hovertemplate="measured: %{y:.1f} %<extra></extra>",
        )  # fmt: skip
        drawing.add_vline(x=share.half, line={"color": color, "width": 1.5, "dash": "dot"})
        ends.append((np.log10(share.lengths[-1]), share.percent[-1], name, color))
    said = ", ".join(f"of the {name} from {share.half:,.0f} tokens on" for name, share in lines.items())
    look.finish(
        drawing, f"Attention takes more than half {said}", "Lines are the formula, dots were measured"
    )
    look.label(drawing, ends, gap=7)
    reach = [np.log10(share.lengths[place]) for share in lines.values() for place in (0, -1)]
    drawing.update_xaxes(
        title_text="tokens in the sequence", type="log", range=[min(reach) - 0.05, max(reach)],
        tickvals=[2**power for power in range(6, 16)], tickformat=",",
    )  # fmt: skip
    drawing.update_yaxes(title_text="attention's share of a block (%)", range=[0, 103])
    drawing.update_layout(margin_r=ROOM)
    return drawing


def kept(rows: Mapping[str, tuple[Mapping[str, float], float]]) -> go.Figure:
    """Bytes that wait for the backward pass: by name the formula's parts, stacked, and what was measured.

    The title says how far the measurement is from the sum of the parts at most.
    """
    drawing, names = go.Figure(), list(rows)
    totals = [sum(parts.values()) for parts, _ in rows.values()]
    _stack(drawing, {name: {part: n / 1e6 for part, n in parts.items()} for name, (parts, _) in rows.items()})
    drawing.add_scatter(
        x=[measured / 1e6 for _, measured in rows.values()], y=names, mode="markers", name="measured",
        marker={"symbol": "line-ns", "size": 34, "line": {"color": look.TEXT, "width": 3}},
        hovertemplate="measured: %{x:.2f} MB<extra></extra>",
    )  # fmt: skip
    off = max(abs(measured / total - 1) for (_, measured), total in zip(rows.values(), totals, strict=True))
    look.finish(
        drawing, f"The formula and the meter differ by {100 * off:.2f} % at most",
        "Colors are the parts of the formula, black lines what was measured",
    )  # fmt: skip
    drawing.update_xaxes(title_text="MB kept after the forward pass", rangemode="tozero")
    _rows(drawing, names)
    return drawing


def plans(spent: Sequence[float], planned: Sequence[float], measured: Sequence[float]) -> go.Figure:
    """Plans of checkpointing: FLOPs spent and peak, as planned and as measured, in percent of the plain step.

    Sorted by the FLOPs spent. The title says what the plan with the least memory saves and costs.
    """
    drawing = go.Figure()
    drawing.add_scatter(
        x=spent, y=planned, mode="lines", line={"color": look.BLUE, "width": 3, "shape": "hv"},
        hovertemplate="planned: %{y:.1f} % at %{x:.1f} % more FLOPs<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(
        x=spent, y=measured, mode="markers", marker={"color": look.ORANGE, "size": 10},
        hovertemplate="measured: %{y:.1f} %<extra></extra>",
    )  # fmt: skip
    least = int(np.argmin(measured))
    look.finish(
        drawing, f"{spent[least]:.0f} % more FLOPs bring the peak down to {measured[least]:.0f} %",
        "The line is what your plans promise, dots are the peaks that were measured",
    )  # fmt: skip
    drawing.update_xaxes(title_text="FLOPs above those of a step without checkpointing (%)")
    drawing.update_yaxes(title_text="peak of kept bytes (%)", range=[0, 105])
    return drawing


def losses(runs: Mapping[str, np.ndarray]) -> go.Figure:
    """Loss (seeds, steps) by precision: the mean over seeds and WINDOW steps as a line, runs thin beside it.

    The title compares the last loss of the worst with that of the first.
    """
    drawing, ends = go.Figure(), []
    for color, (name, curves) in zip(COLORS, runs.items(), strict=False):
        whole = curves.shape[1] // WINDOW * WINDOW
        smooth = curves[:, :whole].reshape(len(curves), -1, WINDOW).mean(axis=2)
        steps = WINDOW * (np.arange(smooth.shape[1]) + 1)
        for run in smooth:
            drawing.add_scatter(
                x=steps, y=run, mode="lines", line={"color": color, "width": 1}, opacity=0.35,
                hoverinfo="skip",
            )  # fmt: skip
        mean = smooth.mean(axis=0)
        drawing.add_scatter(
            x=steps, y=mean, mode="lines", line={"color": color, "width": 3},
            hovertemplate=f"{name}: %{{y:.2f}} after %{{x}} steps<extra></extra>",
        )  # fmt: skip
        ends.append((steps[-1], mean[-1], name, color))
    first, worst = ends[0], max(ends, key=lambda end: end[1])
    look.finish(
        drawing, f"{worst[2]} ends at {worst[1] / first[1]:.1f} times the loss of {first[2]}",
        f"Means of {WINDOW} steps; each thin line is one run",
    )  # fmt: skip
    look.label(drawing, ends, gap=0.08 * max(end[1] for end in ends) + 0.12)
    drawing.update_xaxes(title_text="steps", range=[0, 1.02 * max(end[0] for end in ends)])
    drawing.update_yaxes(title_text="loss", rangemode="tozero")
    drawing.update_layout(margin_r=ROOM)
    return drawing


def stages(held: Mapping[str, Mapping[str, float]], sent: Mapping[str, float | None]) -> go.Figure:
    """Bytes per parameter, by stage of ZeRO: what a rank holds, by part, and what it sends in one step.

    None where nothing was counted. The title compares the last stage with the first.
    """
    drawing = make_subplots(cols=2, horizontal_spacing=0.16, subplot_titles=["held", "sent in a step"])
    names = list(held)
    _stack(drawing, held, across=False, row=1, col=1)
    drawing.add_bar(
        x=names, y=[sent[name] for name in names], marker_color=look.GRAY, row=1, col=2, showlegend=False,
        hovertemplate="%{y:.2f} bytes per parameter<extra></extra>",
    )  # fmt: skip
    first, last = (sum(held[name].values()) for name in (names[0], names[-1]))
    said = f"{names[-1].capitalize()} holds {last:.1f} bytes per parameter in place of {first:.1f}"
    if sent[names[0]] is not None:
        said += f", and sends {sent[names[-1]] / sent[names[0]]:.1f} times as many"
    look.finish(drawing, said, "Measured on each rank, in bytes per parameter of the whole model")
    drawing.update_yaxes(title_text="bytes per parameter", rangemode="tozero")
    drawing.update_xaxes(title_text="stage of ZeRO")
    drawing.update_layout(showlegend=True, legend=_legend(), height=490, margin={"t": 130, "b": 110})
    return drawing


def one_gpu(rows: Mapping[str, Mapping[str, float]], claims: Mapping[str, float]) -> go.Figure:
    """Bytes on one GPU by what was done to save some, and by part; `claims` are bytes that are marked.

    The title says what the first and the last row take.
    """
    drawing, names = go.Figure(), list(rows)
    _stack(drawing, {name: {part: n / 1e9 for part, n in parts.items()} for name, parts in rows.items()})
    totals = [sum(parts.values()) / 1e9 for parts in rows.values()]
    for text, nbytes in claims.items():
        drawing.add_vline(x=nbytes / 1e9, line={"color": look.TEXT, "width": 1.5, "dash": "dot"})
        drawing.add_annotation(
            x=nbytes / 1e9, y=1, yref="paper", yanchor="bottom", xanchor="left", text=text, showarrow=False
        )
    look.finish(
        drawing, f"From {totals[0]:,.0f} GB to {totals[-1]:,.0f} GB on one GPU, for the same training step",
        f"First row: {names[0]}. Last row: {names[-1]}",
    )  # fmt: skip
    drawing.update_xaxes(title_text="GB", rangemode="tozero")
    _rows(drawing, names)
    drawing.update_layout(margin_t=125)
    return drawing


def _stack(drawing: go.Figure, bars: Mapping[str, Mapping[str, float]], across: bool = True, **where) -> None:
    """Bars of parts; those lying on their side have their names at the left."""
    parts = list(dict.fromkeys(part for row in bars.values() for part in row))
    for color, part in zip(COLORS, parts, strict=False):
        names, sizes = list(bars), [row.get(part, 0) for row in bars.values()]
        along = {"x": sizes, "y": names} if across else {"x": names, "y": sizes}
        drawing.add_bar(
            **along, orientation="h" if across else "v", name=part.replace("_", " "), marker_color=color,
            hovertemplate=f"{part}: %{{{'x' if across else 'y'}:.3g}}<extra></extra>", **where,
        )  # fmt: skip
    drawing.update_layout(barmode="stack")


def _rows(drawing: go.Figure, names: Sequence[str]) -> None:
    """The first row on top, each with room enough, and below them what the colors mean."""
    drawing.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    drawing.update_layout(
        showlegend=True, legend=_legend(), bargap=0.3, margin_b=120, height=250 + 55 * len(names)
    )


def _legend() -> dict:
    return {"orientation": "h", "yref": "container", "y": 0.01, "yanchor": "bottom", "traceorder": "normal"}
