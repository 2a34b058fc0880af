"""The ring all-reduce of question 6, stepped through: what each rank holds, and what has just come in."""

import os

import numpy as np
import plotly.graph_objects as go

from course_lib.demos import look
from course_lib.demos.live import live


def marked_buffers(ranks: int, length: int) -> list[np.ndarray]:
    """Buffers whose sums tell their parts: rank r holds 10^r, so that 1011 is what ranks 0, 1 and 3 gave."""
    return [np.full(length, 10**rank) for rank in range(ranks)]


def frame(states: np.ndarray) -> go.Figure:
    """A row for each rank, a column for each element, and an arrow into each row; still without numbers."""
    _, ranks, length = states.shape
    drawing = go.Figure()
    drawing.add_heatmap(
        colorscale=[[0, "#F1F1F1"], [1, look.GREEN]], zmin=1, zmax=ranks, showscale=False, xgap=3, ygap=3,
        texttemplate="%{text}", textfont_size=17, hoverinfo="skip",
        x=np.arange(length), y=np.arange(ranks),
    )  # fmt: skip
    for _ in range(ranks):
        drawing.add_annotation(
            ax=0,
            ay=-34,
            text="",
            showarrow=True,
            arrowhead=2,
            arrowwidth=2.5,
            arrowcolor=look.ORANGE,
            x=0,
            y=0,
        )
    look.finish(drawing, "")
    drawing.update_xaxes(title_text="element of the buffer", dtick=1, showgrid=False)
    names = [f"from rank {ranks - 1}", *(f"rank {rank}" for rank in range(ranks))]
    drawing.update_yaxes(
        range=[ranks - 0.4, -1.05], tickvals=[-0.8, *range(ranks)], ticktext=names, showgrid=False
    )
    drawing.update_layout(height=190 + 62 * ranks)
    return drawing


def contents(states: np.ndarray, step: int) -> dict:
    """What of the frame depends on the step, as `look.paint` takes it; 0 is before the first."""
    steps, ranks, length = states.shape[0] - 1, *states.shape[1:]
    text = [[f"{int(value):0{ranks}d}" for value in row] for row in states[step]]
    parts = np.array([[sum(map(int, cell)) for cell in row] for row in text])
    changed = states[step] != states[max(step - 1, 0)]
    arrows = {}
    for rank in range(ranks):
        columns = np.flatnonzero(changed[rank])
        # An arrow comes in from the row above; into the first row from the last rank, over the top.
        seen = {"x": float(columns.mean()), "y": rank - 0.25} if len(columns) else {}
        arrows[rank] = {**seen, "visible": bool(len(columns))}
    whole = int((parts == ranks).all(axis=0).sum()) if step else 0
    if step == 0:
        finding = f"Before: each of {ranks} ranks knows only its own part"
    elif step < steps:
        phase = (
            "reduce-scatter: what comes in is added" if step <= steps // 2 else "all-gather: sums are copied"
        )
        finding = f"Step {step} of {steps}, {phase}"
    else:
        finding = f"After {steps} steps every rank has the whole sum"
    sent = step / ranks
    return {
        "traces": [{"z": parts.astype(float), "text": text}],
        "finding": finding,
        "detail": f"Each rank has sent {sent:.2f} times its buffer; {whole} of {length} elements are "
        "complete everywhere; a digit 1 per rank whose part is in",
        "annotations": arrows,
    }


def figure(states: np.ndarray, step: int) -> go.Figure:
    """States (2N - 1, N, n) of a ring all-reduce of `marked_buffers`, after `step` steps."""
    return look.paint(frame(states), **contents(states, step))


def show(states: np.ndarray) -> None:
    """Step through the states with a slider or by the play button; while grading, the middle as it stands."""
    from IPython.display import display

    states = np.asarray(states)
    last = len(states) - 1
    if "NBGRADER_EXECUTION" in os.environ:
        display(figure(states, last // 2))
        return
    import ipywidgets

    widget = live(figure(states, 0))
    wide = {"style": {"description_width": "60px"}, "layout": {"width": "420px"}}
    step = ipywidgets.IntSlider(0, 0, last, description="step", **wide)
    play = ipywidgets.Play(min=0, max=last, interval=900, description="play")
    ipywidgets.jslink((play, "value"), (step, "value"))

    def update(change):
        look.paint(widget, **contents(states, change["new"]))

    step.observe(update, "value")
    display(look.stage([ipywidgets.HBox([play, step])], widget))
