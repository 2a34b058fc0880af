"""When each GPU of a cluster served whom, who arrived, and who waited: drawn from a run."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.serving.scheduling.result import ClusterResult

CLASSES = {"short": look.SKY, "medium": look.ORANGE, "large": look.PURPLE}
NOBODY = {"x": [None], "y": [None]}


def classes_of(tokens: np.ndarray, rooms: Sequence[int]) -> np.ndarray:
    """Names of CLASSES for total tokens; `rooms` are those of a small GPU and of a larger one."""
    return np.array(list(CLASSES))[np.searchsorted(rooms, tokens)]


def frame(gpus: Mapping[str, str]) -> go.Figure:
    """Arrivals, a row for each of `gpus` (name and its label), and the queue below, still without numbers.

    Few traces and two panels: what is drawn in one piece is drawn in the time of a slider's step.
    """
    drawing = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.67, 0.33], vertical_spacing=0.05)
    for color in CLASSES.values():  # arrivals: a line each, for a marker each would be slow to draw
        drawing.add_scatter(mode="lines", line={"color": color, "width": 2}, hoverinfo="skip", row=1, col=1)
    for name, color in CLASSES.items():
        drawing.add_scatter(
            mode="lines", fill="toself", fillcolor=color, line={"color": "white", "width": 1},
            hoverinfo="text", text=name, row=1, col=1,
        )  # fmt: skip
    for name, color in CLASSES.items():
        drawing.add_scatter(
            mode="lines", line={"color": color, "width": 2.5, "shape": "hv"}, hoverinfo="text", text=name,
            row=2, col=1,
        )  # fmt: skip
    look.finish(drawing, "")
    rows = ["arrivals", *gpus.values()]
    drawing.update_yaxes(
        showgrid=False, tickvals=list(range(-1, len(gpus))), ticktext=rows, ticks="",
        range=[len(gpus) - 0.45, -1.5], row=1, col=1,
    )  # fmt: skip
    drawing.update_yaxes(title_text="waiting", rangemode="tozero", row=2, col=1)
    drawing.update_xaxes(title_text="time (s)", rangemode="tozero", row=2, col=1)
    for place, (name, color) in enumerate(CLASSES.items()):
        drawing.add_annotation(
            text=f"■ {name}", font_color=look.ink(color), showarrow=False, xref="paper", yref="paper", x=1,
            y=1.0 - 0.07 * place, xanchor="left", xshift=10,
        )  # fmt: skip
    drawing.update_layout(height=520, margin={"l": 110, "r": 100, "t": 100, "b": 60})
    drawing.update_yaxes(automargin=False)
    drawing.update_xaxes(automargin=False)
    return drawing


def traces(result: ClusterResult, classes: Sequence[str], gpus: Sequence[str]) -> list[dict]:
    """What of the frame depends on a run, as `look.paint` takes it; `classes` names each request's class."""
    classes = np.asarray(classes)
    order = list(gpus)
    boxes = {name: ([], []) for name in CLASSES}
    for gpu, start, end, request in result.gpu_rows():
        xs, ys = boxes[classes[request]]
        row = order.index(gpu)
        xs += [start, end, end, start, start, None]
        ys += [row - 0.38, row - 0.38, row + 0.38, row + 0.38, row - 0.38, None]
    bars = [{"x": xs, "y": ys} if xs else NOBODY for xs, ys in boxes.values()]
    masks = [classes == name for name in CLASSES]
    return [*(_arrivals(result, mine) for mine in masks), *bars, *(_waiting(result, mine) for mine in masks)]


def _arrivals(result: ClusterResult, mine: np.ndarray) -> dict:
    """A short upright line in the first row for each of these requests."""
    times = result.queued[mine]
    if not times.size:
        return NOBODY
    gaps = np.full(times.size, np.nan)
    return {
        "x": np.column_stack([times, times, gaps]).ravel(),
        "y": np.tile([-1.3, -0.7, np.nan], times.size),
    }


def _waiting(result: ClusterResult, mine: np.ndarray) -> dict:
    """How many of these requests wait, as a step function of time; those never served wait on."""
    if not mine.any():
        return NOBODY
    end = float(np.nanmax([*result.finished, *result.queued]))
    leaving = np.where(np.isnan(result.started[mine]), np.inf, result.started[mine])
    moments = np.unique(np.concatenate([result.queued[mine], leaving[leaving < np.inf], [0.0, end]]))
    came = np.searchsorted(np.sort(result.queued[mine]), moments, side="right")
    left = np.searchsorted(np.sort(leaving), moments, side="right")
    return {"x": moments, "y": came - left}
