"""What question 1's demo draws: a decision boundary while its network learns points in the plane."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import datasets, nonlinearity, training
from course_lib.demos import look

POINTS = {"XOR": datasets.xor, "rings": datasets.rings, "spirals": datasets.spirals}
REACH = {"XOR": 1.8, "rings": 1.4, "spirals": 1.2}  # of the plane that is drawn, each way from the origin
UNITS = (1, 2, 4, 8, 16, 32, 64)
ACTIVATIONS = {**nonlinearity.ACTIVATIONS, "LayerNorm alone": nonlinearity.layer_norm}
# Looked at after these steps: closer together at the start, where most happens.
STEPS = tuple(int(step) for step in np.unique(np.rint(np.geomspace(1, 1001, 70))) - 1)
SIDE = 45  # of the map, in cells
PACE = 0.05  # seconds between two looks, so that an eye can follow
CLASS_COLORS = (look.BLUE, look.ORANGE)
CLASS_SYMBOLS = ("circle", "diamond")
BLUE_TO_ORANGE = [[0, "#8FC1DD"], [0.5, "#FFFFFF"], [1, "#F0B98F"]]  # light, so that points stand out


@dataclass
class Run:
    """A network of two hidden layers, and what was seen of it after each of the first `STEPS`.

    maps: probability of class 1 over the drawn plane, (SIDE, SIDE), rows from below; accuracy: share of 400
    points right that it does not train on.
    """

    points: str
    activation: str
    units: int
    maps: list[np.ndarray] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


@functools.cache
def data(points: str):
    """160 points to train on, 400 fresh ones, and what the best straight line gets of the fresh ones."""
    make = POINTS[points]
    fresh = make(400, seed=1)
    return make(160), fresh, nonlinearity.best_line(*fresh)


def plane(points: str, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Places along one axis (side,), and all of them as points, float32 (side · side, 2), rows from below."""
    along = np.linspace(-REACH[points], REACH[points], side, dtype=np.float32)
    return along, np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)


def learning(run: Run) -> Iterator[None]:
    """Train the network of an empty run; yields each time it has been looked at."""
    (x, y), fresh, _ = data(run.points)
    everywhere = plane(run.points)[1]
    network = nonlinearity.Networks([ACTIVATIONS[run.activation]], [0], run.units)
    steps = network.learn(x, y, STEPS[-1])
    for due in STEPS:
        with training.one_thread():
            next(step for step in steps if step == due)
            run.maps.append(network.certainty(everywhere).reshape(SIDE, SIDE))
            run.accuracy.append(float(network.accuracy(*fresh)[0, 0]))
        yield


@functools.cache
def trained(points: str, activation: str, units: int) -> Run:
    """A run from the first step to the last, in half a second."""
    run = Run(points, activation, units)
    for _ in learning(run):
        pass
    return run


def frame() -> go.Figure:
    """Both panels with their axes, still without numbers."""
    drawing = make_subplots(cols=2, column_widths=[0.48, 0.52], horizontal_spacing=0.12)
    drawing.add_heatmap(
        colorscale=BLUE_TO_ORANGE, zmin=0, zmax=1, zsmooth="fast", showscale=False,
        hovertemplate="(%{x:.2f}, %{y:.2f}): P(orange) %{z:.2f}<extra></extra>",
    )  # fmt: skip
    drawing.add_contour(
        showscale=False, hoverinfo="skip", line={"color": look.TEXT, "width": 3},
        contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
    )  # fmt: skip
    for color, symbol in zip(CLASS_COLORS, CLASS_SYMBOLS, strict=True):
        drawing.add_scatter(
            mode="markers", hoverinfo="skip",
            marker={"color": color, "symbol": symbol, "size": 7, "line": {"color": "white", "width": 1}},
        )  # fmt: skip
    drawing.add_scatter(
        mode="lines", line={"color": look.GREEN, "width": 3}, row=1, col=2,
        hovertemplate="%{y:.1f} %<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(
        mode="markers", marker={"color": look.GREEN, "size": 12}, hoverinfo="skip", row=1, col=2
    )
    drawing.add_scatter(
        x=[0, len(STEPS) - 1], mode="lines", line={"color": look.GRAY, "dash": "dash", "width": 2.5},
        hoverinfo="skip", row=1, col=2,
    )  # fmt: skip
    drawing.add_annotation(
        x=len(STEPS) - 1, y=0, xref="x2", yref="y2", xanchor="right", yanchor="top", showarrow=False,
        font_color="#6E6E6E", text="",
    )  # fmt: skip
    drawing.update_xaxes(title_text="first coordinate", showgrid=False, nticks=5, constrain="domain", col=1)
    drawing.update_yaxes(
        title_text="second coordinate", showgrid=False, nticks=5, constrain="domain", scaleanchor="x", col=1
    )
    ticks = (0, 10, 100, 1000)
    drawing.update_xaxes(
        title_text="training steps", range=[-1, len(STEPS)], tickangle=0, col=2,
        tickvals=[np.searchsorted(STEPS, tick) for tick in ticks], ticktext=[f"{tick:,}" for tick in ticks],
    )  # fmt: skip
    drawing.update_yaxes(title_text="fresh points right (%)", range=[0, 104], col=2)
    look.finish(drawing, "")
    drawing.update_layout(height=500)
    return drawing


def contents(run: Run, index: int) -> dict:
    """What of the frame depends on the run and on the look at it, as `look.paint` takes it."""
    (x, y), _, line = data(run.points)
    along = plane(run.points)[0]
    percent = 100 * np.array(run.accuracy)
    when = f"after {STEPS[index]:,} steps" if index else "untrained"
    return {
        "traces": [
            *[{"x": along, "y": along, "z": run.maps[index]}] * 2,
            *[{"x": x[y == label, 0], "y": x[y == label, 1]} for label in (0, 1)],
            {"x": np.arange(len(percent)), "y": percent},
            {"x": [index], "y": [percent[index]]},
            {"y": [100 * line] * 2},
        ],
        "finding": f"{run.points}, {run.activation}, {when}: {percent[index]:.0f} % right",
        "detail": f"2 hidden layers of {run.units} unit{'s' * (run.units > 1)}; "
        "on the dark line both classes are equally likely",
        "annotations": {0: {"y": 100 * line - 1, "text": f"best of all straight lines: {100 * line:.0f} %"}},
    }


def figure(run: Run, index: int = -1) -> go.Figure:
    """The map after one of the looks (the last unless said), and the accuracy over all of them."""
    return look.paint(frame(), **contents(run, range(len(run.maps))[index]))
