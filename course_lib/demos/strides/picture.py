"""What lab 2's demo draws: twelve cells of memory, a view of them, and which thread reads which cell."""

import math
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.autodiff.strides import contiguous_strides, offset, place_of
from course_lib.demos import look

CELLS = 12
SHAPES = ((3, 4), (4, 3), (2, 6), (6, 2))
REPEATS = ("nothing", "the first row for every row", "the first column for every column")
_MOST = 6  # rows or columns of the grid
# The light half of the colors, on which dark numbers can be read.
_COLORS = {"colorscale": look.HEAT, "zmin": -1.5 * CELLS, "zmax": CELLS - 1, "showscale": False}


@dataclass(frozen=True)
class View:
    """A view of the memory: shape, strides and offset in elements, and the cell that each thread reads."""

    shape: tuple[int, int]
    strides: tuple[int, int]
    start: int
    reads: tuple[int, ...]

    @property
    def readers(self) -> list[list[int]]:
        """The threads that read each cell of memory."""
        return [[thread for thread, at in enumerate(self.reads) if at == cell] for cell in range(CELLS)]


def view(shape: tuple[int, int], repeat: str = REPEATS[0], backwards: bool = False, transposed: bool = False):
    """The view that the controls ask for; the steps are taken in this order."""
    strides, start = contiguous_strides(shape), 0
    if repeat != REPEATS[0]:
        strides = (0, strides[1]) if repeat == REPEATS[1] else (strides[0], 0)
    if backwards:
        start = (shape[1] - 1) * strides[1]
        strides = strides[0], -strides[1]
    if transposed:
        shape, strides = shape[::-1], strides[::-1]
    threads = range(math.prod(shape))
    reads = tuple(offset(place_of(thread, shape), shape, strides, start) for thread in threads)
    return View(shape, strides, start, reads)


def frame() -> go.Figure:
    """Memory above, the view below, still without numbers."""
    drawing = make_subplots(rows=2, row_heights=[0.2, 0.8], vertical_spacing=0.12,
                            subplot_titles=("memory: the cell, and the threads that read it",
                                            "the view: each thread, and the cell that it reads"))  # fmt: skip
    for row in (1, 2):
        drawing.add_heatmap(
            **_COLORS, xgap=3, ygap=3, texttemplate="%{text}", hoverinfo="skip", row=row, col=1,
            textfont={"size": 15, "color": look.TEXT},
        )  # fmt: skip
    drawing.update_xaxes(visible=False)
    drawing.update_yaxes(visible=False, autorange="reversed")
    drawing.update_xaxes(range=[-0.5, _MOST - 0.5], row=2, col=1)
    drawing.update_yaxes(range=[_MOST - 0.5, -0.5], autorange=None, row=2, col=1)
    drawing.update_layout(height=620, margin={"l": 20, "r": 20, "b": 20, "t": 130}, plot_bgcolor="white")
    return drawing


def contents(seen: View) -> dict:
    """What `look.paint` takes: colors and numbers of both grids, and the title."""
    readers = seen.readers
    colors = [threads[0] if threads else None for threads in readers]
    cells = [
        f"<b>{cell}</b><br>{_listed(threads) if threads else '–'}" for cell, threads in enumerate(readers)
    ]
    rows, columns = seen.shape
    grid = np.full((_MOST, _MOST), None, object)  # NaN is no JSON
    grid[:rows, :columns] = np.arange(len(seen.reads)).reshape(seen.shape)
    text = np.full((_MOST, _MOST), "", object)
    text[:rows, :columns] = np.reshape(
        [f"thread <b>{thread}</b><br>reads {at}" for thread, at in enumerate(seen.reads)], seen.shape
    )
    most = max(map(len, readers))
    touched = sum(map(bool, readers))
    shared = f"each read by {most} threads" if most > 1 else "each read by one thread"
    apart = abs(seen.strides[1])
    step = "the same cell" if apart == 0 else "the next cell" if apart == 1 else f"a cell {apart} further"
    return {
        "traces": [{"z": [colors], "text": [cells]}, {"z": grid.tolist(), "text": text.tolist()}],
        "finding": f"shape {seen.shape}, strides {seen.strides}, offset {seen.start}: "
        f"{touched} cells, {shared}",
        "detail": f"in a row of the view, the next thread reads {step}"
        + (", backwards" if seen.strides[1] < 0 else ""),
    }


def figure(seen: View) -> go.Figure:
    """Memory and view."""
    drawing = frame()
    painted = contents(seen)
    look.finish(drawing, painted["finding"], painted["detail"])
    return look.paint(drawing, **painted)


def _listed(threads: list[int]) -> str:
    return ", ".join(map(str, threads)) if len(threads) < 4 else f"{threads[0]}, {threads[1]}, …"
