"""What lab 4's demo draws: a row that kernels read and write, and the accesses and time that add up."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.fused_kernels import walk, words
from course_lib.demos.fused_kernels.walk import Walk

_READ, _CACHED, _WRITTEN = look.BLUE, "#8C8C8C", look.ORANGE
_CHAIN, _FUSED, _FADED = look.PURPLE, look.GREEN, 0.25
# Light enough for dark numbers: what is read, a number that is read for a whole row, what is written.
_TINTS = ("#BFE0F2", "#DEDEDE", "#F7CFAF")
_LINES = 4  # of the row's panel: at most two arrays that are read, and two that are written
_LEFT = 134  # pixels for the kernels' names
_THICK = 0.7  # of a bar, of the distance between bars


def frame() -> go.Figure:
    """A row above, kernels below it, cards at the bottom, still without numbers."""
    drawing = make_subplots(
        rows=3, row_heights=[0.18, 0.55, 0.27], vertical_spacing=0.09,
        subplot_titles=(
            f"a row of {walk.COLUMNS} values, in this kernel",
            f"accesses per value, added up: <span style='color:{_READ}'>reads</span>, "
            f"<span style='color:{_WRITTEN}'>writes</span>;<br>gray: one number for a whole row or column",
            f"time by the data sheet: <span style='color:{_CHAIN}'>chain</span>, "
            f"<span style='color:{_FUSED}'>fused</span>",
        ),
    )  # fmt: skip
    scale = [[0, _TINTS[0]], [0.5, _TINTS[1]], [1, _TINTS[2]]]
    drawing.add_heatmap(
        colorscale=scale, zmin=0, zmax=2, showscale=False, xgap=2, ygap=2, texttemplate="%{text}",
        textfont={"size": 12, "color": look.TEXT}, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    for name, color in (
        ("reads", _READ), ("reads of one number for a row or column", _CACHED), ("writes", _WRITTEN)
    ):  # fmt: skip
        drawing.add_bar(
            orientation="h", marker_color=color, marker_line={"color": "white", "width": 1}, width=_THICK,
            hovertemplate="%{x:.3g} " + name + " per value<extra></extra>", row=2, col=1,
        )  # fmt: skip
    drawing.add_scatter(
        mode="text", textposition="middle right", textfont_size=14, hoverinfo="skip", cliponaxis=False,
        row=2, col=1,
    )  # fmt: skip
    for name, color, offset in (("chain", _CHAIN, -0.42), ("fused", _FUSED, 0.02)):
        drawing.add_bar(
            orientation="h", y=list(range(len(words.CARDS))), offset=offset, width=0.4, marker_color=color,
            textposition="outside", textangle=0, textfont_size=13, constraintext="none", cliponaxis=False,
            hovertemplate=name + ": %{text}<extra></extra>", row=3, col=1,
        )  # fmt: skip
    drawing.update_xaxes(visible=False, row=1, col=1)
    drawing.update_yaxes(range=[_LINES - 0.5, -0.5], showline=False, row=1, col=1)
    drawing.update_yaxes(
        range=[len(words.CARDS) - 0.5, -0.5], tickvals=list(range(len(words.CARDS))), ticktext=words.CARDS,
        row=3, col=1,
    )  # fmt: skip
    drawing.update_yaxes(ticks="", showgrid=False, tickfont_size=13)
    drawing.update_xaxes(tickfont_size=13, title_font_size=14)
    drawing.update_annotations(x=0, xanchor="left", xshift=8 - _LEFT, align="left", font_size=13)
    look.finish(drawing, "")
    drawing.update_layout(
        barmode="overlay", height=760, margin={"l": _LEFT, "r": 14, "t": 122, "b": 52}, dragmode=False
    )
    return drawing


def axes(seen: Walk) -> dict:
    """What of the layout depends on the operation, and on how much it moves."""
    kernels = [step.kernel for step in seen.chain]
    total = sum(step.asked for step in seen.chain)
    slowest = max(seen.seconds(seen.chain))
    unit, size = words.unit(slowest)
    return {
        "xaxis2.range": [0, 1.2 * total],
        "xaxis3.range": [0, 1.4 * slowest / size],
        "xaxis3.title.text": unit,
        "yaxis.tickvals": list(range(len(_labels(seen)))),
        "yaxis.ticktext": _labels(seen),
        "yaxis2.range": [len(kernels) + 0.5, -0.6],
        "yaxis2.tickvals": list(range(len(kernels) + 1)),
        "yaxis2.ticktext": [
            f"<b>{name}</b>" if place == (len(kernels) if seen.fuse else seen.at - 1) else name
            for place, name in enumerate([*kernels, "one kernel"])
        ],
    }


def contents(seen: Walk) -> dict:
    """What `look.paint` takes: the row, the bars up to now, and the title that says what they show."""
    steps, shown = seen.chain, len(seen.chain) if seen.fuse else seen.at
    bars = [*steps[:shown], *([seen.fused] if seen.fuse else [])]
    starts = [sum(step.asked for step in steps[:place]) for place in range(shown)] + [0.0] * seen.fuse
    places = [*range(shown), *([len(steps)] if seen.fuse else [])]
    opacity = [_FADED] * shown + [1.0] if seen.fuse else [1.0] * shown
    stacked = []
    for amount in ("reads", "cached", "writes"):
        widths = [getattr(step, amount) for step in bars]
        stacked.append({"y": places, "x": widths, "base": starts, "marker.opacity": opacity})
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    ends = [shown - 1, len(steps)] if seen.fuse else [shown - 1]
    totals = [sum(step.asked for step in steps[:shown]), seen.fused.asked][: len(ends)]
    return {
        "traces": [
            _strip(seen),
            *stacked,
            {"x": totals, "y": ends, "text": [f" {total:.1f}" for total in totals]},
            *_times(seen),
        ],
        "finding": words.finding(seen),
        "detail": words.detail(seen),
    }


def figure(seen: Walk) -> go.Figure:
    """A row's way, what it adds up to, and the time on four cards."""
    drawing = frame()
    drawing.update_layout(axes(seen))
    return look.paint(drawing, **contents(seen))


def _arrays(seen: Walk) -> list[tuple[str, int, np.ndarray]]:
    """What the kernel reads and writes of the row: (label, index of a tint, values)."""
    whole = len(seen.now.before) - bool(seen.now.cached)  # one number for a whole row comes last
    reads = [("reads", int(place >= whole), array) for place, array in enumerate(seen.now.before)]
    return reads + [("writes", 2, array) for array in seen.now.after]


def _labels(seen: Walk) -> list[str]:
    return [label for label, _, _ in _arrays(seen)]


def _strip(seen: Walk) -> dict:
    tints = np.full((_LINES, walk.COLUMNS), np.nan)
    text = np.full((_LINES, walk.COLUMNS), "", object)
    for line, (_, tint, values) in enumerate(_arrays(seen)):
        here = ~np.isnan(values)
        tints[line, : len(values)][here] = tint
        text[line, : len(values)] = [_number(value) for value in values]
    return {"z": tints.tolist(), "text": text.tolist()}


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "−∞" if value < 0 else "∞"
    shown = round(float(value), 2) + 0.0  # no minus before 0
    return f"{shown:.{0 if shown.is_integer() else 2}f}".replace("-", "−")


def _times(seen: Walk) -> list[dict]:
    _, size = words.unit(max(seen.seconds(seen.chain)))
    chain = seen.seconds(seen.chain if seen.fuse else seen.done)
    fused = seen.seconds(seen.done) if seen.fuse else []
    return [
        {"x": [time / size for time in times], "text": [words.duration(time) for time in times],
         "marker.opacity": _FADED if seen.fuse and times is chain else 1.0}
        for times in (chain, fused)
    ]  # fmt: skip
