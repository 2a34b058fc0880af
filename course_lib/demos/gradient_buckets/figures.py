"""The chart of lab 5's second demo: a backward pass, its buckets on the link, and the step by their size."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.gradient_buckets import picture
from course_lib.demos.gradient_buckets.picture import MB, Setting, Step

COLORS = (look.BLUE, look.ORANGE, look.GREEN, look.PURPLE)  # of buckets, in turn
BACKWARD_ONLY, ONE = "#B8B8B8", look.GRAY
ROWS = ("backward pass", "messages", "no overlap")
HALF = 0.36  # of the height of a bar


def frame() -> go.Figure:
    """Above: buckets as their gradients come, as they cross, and all at the end; below: all sizes. Empty."""
    drawing = make_subplots(rows=2, row_heights=[0.52, 0.48], vertical_spacing=0.19)
    above = {"row": 1, "col": 1}
    filled = {"mode": "lines", "fill": "toself", "line_width": 0, "hoverinfo": "skip", **above}
    for color in (*COLORS, BACKWARD_ONLY, ONE):
        drawing.add_scatter(fillcolor=color, **filled)
    drawing.add_scatter(
        mode="markers", marker={"opacity": 0, "size": 12}, hovertemplate="%{customdata}<extra></extra>",
        **above,
    )  # fmt: skip
    drawing.add_scatter(mode="text", textposition="middle right", hoverinfo="skip", cliponaxis=False, **above)
    drawing.add_vline(x=1e3 * picture.BACKWARD, line={"color": look.TEXT, "width": 2, "dash": "dot"}, **above)
    places = list(range(len(picture.LIMITS)))
    drawing.add_scatter(
        x=places, mode="lines+markers", line={"color": look.BLUE, "width": 3}, marker_size=7,
        hovertemplate="%{y:.1f} ms<extra></extra>", row=2, col=1,
    )  # fmt: skip
    drawing.add_scatter(
        mode="markers", marker={"color": look.ORANGE, "size": 15}, hoverinfo="skip", row=2, col=1
    )
    drawing.add_hline(
        y=1e3 * picture.BACKWARD, line={"color": look.TEXT, "width": 2, "dash": "dot"}, row=2, col=1
    )
    drawing.add_annotation(
        text="backward pass alone", x=0.01, xref="x2 domain", xanchor="left", y=1e3 * picture.BACKWARD,
        yanchor="top", showarrow=False, font_size=14, row=2, col=1,
    )  # fmt: skip
    drawing.update_xaxes(title_text="time from the start of the backward pass (ms)", **above)
    drawing.update_yaxes(
        range=[len(ROWS) - 0.5, -0.5], tickvals=list(range(len(ROWS))), ticktext=ROWS, ticks="",
        showgrid=False, **above,
    )  # fmt: skip
    drawing.update_xaxes(
        title_text="bucket size", tickvals=places, ticktext=list(picture.LIMITS),
        range=[-0.4, places[-1] + 0.4], tickangle=0, row=2, col=1,
    )  # fmt: skip
    drawing.update_yaxes(title_text="time of the step (ms)", row=2, col=1)
    look.finish(drawing, "")
    drawing.update_layout(height=640, margin={"t": 110, "r": 90}, dragmode=False)
    return drawing


def axes(setting: Setting) -> dict:
    """What of the layout depends on the link, not on the size of buckets, so that steps compare."""
    most = 1e3 * max(picture.all_sizes(setting.speed, setting.latency))
    return {"xaxis.range": (0, most), "yaxis2.range": (0, 1.1 * most)}


def contents(setting: Setting) -> dict:
    """What `look.paint` takes: bars, the curve of all sizes, and the title that says what is hidden."""
    step, (ready, nbytes, held) = picture.step(setting), picture.filled(setting.size)
    filled = np.column_stack([[0, *ready[:-1]], ready])
    crossed = np.array(step.messages)
    bars = [
        np.hstack([_bars(filled[turn :: len(COLORS)], 0), _bars(crossed[turn :: len(COLORS)], 1)])
        for turn in range(len(COLORS))
    ]
    bars.append(_bars(np.array([[0, picture.BACKWARD]]), 2))
    bars.append(_bars(np.array([[picture.BACKWARD, step.without]]), 2))
    told = [
        f"message {place}: {_count(tensors, 'tensor')}, {_megabytes(size)}, "
        f"{1e3 * leaves:.1f} to {1e3 * arrived:.1f} ms"
        for place, (tensors, size, (leaves, arrived)) in enumerate(
            zip(held, nbytes, step.messages, strict=True), 1
        )
    ]
    sizes = [1e3 * seconds for seconds in picture.all_sizes(setting.speed, setting.latency)]
    ends = [1e3 * step.seconds, 1e3 * step.without]
    middles = 1e3 * crossed.mean(axis=1)
    return {
        "traces": [
            *({"x": xs, "y": ys} for xs, ys in bars),
            {"x": middles, "y": np.ones(len(middles)), "customdata": told},
            {"x": ends, "y": [1, 2], "text": [f" {milliseconds(end / 1e3)}" for end in ends]},
            {"y": sizes},
            {"x": [list(picture.LIMITS).index(setting.size)], "y": [ends[0]]},
        ],
        "finding": _finding(setting, step),
        "detail": _detail(setting, step),
    }  # fmt: skip


def figure(setting: Setting) -> go.Figure:
    """The chart of a setting: bars of this size of buckets above, the step with every size below."""
    drawing = frame()
    drawing.update_layout(axes(setting))
    return look.paint(drawing, **contents(setting))


def milliseconds(seconds: float) -> str:
    """A time in ms, with a digit behind the point where it has less than four before it."""
    return f"{1e3 * seconds:,.1f} ms" if seconds < 1 else f"{1e3 * seconds:,.0f} ms"


def _bars(spans: np.ndarray, row: int) -> np.ndarray:
    """x in ms and y (2, 6n) of the outlines of bars from starts to ends (n, 2), in seconds."""
    start, end = 1e3 * spans.T
    gap, low, high = (np.full(len(spans), value) for value in (np.nan, row - HALF, row + HALF))
    xs = np.column_stack([start, end, end, start, start, gap])
    ys = np.column_stack([low, low, high, high, low, gap])
    return np.stack([xs.ravel(), ys.ravel()])


def _megabytes(nbytes: float) -> str:
    return f"{nbytes / MB:,.0f} MB" if nbytes >= 99.5 * MB else f"{nbytes / MB:.2g} MB"


def _finding(setting: Setting, step: Step) -> str:
    """How much of the link's time the backward pass hides, and what that makes of the step."""
    took, without = milliseconds(step.seconds), milliseconds(step.without)
    if len(step.messages) == 1:
        return f"One message hides nothing: it waits for the last gradient, and the step takes {without}"
    single = picture.LIMITS[setting.size] == 1
    said = "A message for each tensor hides" if single else f"Buckets of {setting.size} hide"
    hidden = f"{milliseconds(step.hidden).removesuffix(' ms')} of {milliseconds(step.busy)} on the link"
    return f"{said} {hidden}: a step takes {took}, {without} without overlap"


def _detail(setting: Setting, step: Step) -> str:
    """The model, the number of messages, and the one that nothing hides."""
    numbers, _ = picture.tensors(picture.MODEL)
    (*_, nbytes), (*_, (leaves, arrived)) = picture.filled(setting.size)[1], step.messages
    said = (
        f"GPT-2 medium, {sum(numbers) / 1e6:.0f} million gradients in FP32: "
        f"{_count(len(numbers), 'tensor')} in {_count(len(step.messages), 'message')}"
    )
    if len(step.messages) == 1:
        return f"{said} of {_megabytes(nbytes)}."
    return (
        f"{said}, colored in turn. Nothing hides the last message, {_megabytes(nbytes)} in "
        f"{milliseconds(arrived - leaves)}: it waits for the last gradient."
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number > 1)}"
