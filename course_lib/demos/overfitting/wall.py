"""Every wrongly labeled training image, colored by what the network makes of it, epoch by epoch."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.overfitting.networks import EPOCHS, Runs

TILE = 19  # pixels of a tile: a digit at half its size (14), room for the label above and beside it, a line
ROOM = 4
EMPTY, SEEN_THROUGH, OTHER, MEMORIZED = range(-1, 3)  # EMPTY: a place on the wall without an image
WORDS = {
    SEEN_THROUGH: "sees what it shows",
    OTHER: "says something else",
    MEMORIZED: "repeats the wrong label",
}
COLORS = {SEEN_THROUGH: look.BLUE, OTHER: "#C9C9C9", MEMORIZED: look.ORANGE}
CURVES = {
    "training, labels as given": look.ORANGE,
    "training, true labels": look.BLUE,
    "validation": look.GREEN,
}


@dataclass(frozen=True)
class Replay:
    """One network on its wrongly labeled images, before training and after each epoch.

    images (m, 784), shows and given (m,): what they show and the label they carry; state (1 + epochs, m):
    SEEN_THROUGH, OTHER or MEMORIZED; curves: accuracy (1 + epochs,) by the names in CURVES; best: the epoch
    that early stopping keeps; order (m,): how the images stand in the rows of the wall. No epochs at all is
    a network not yet trained.
    """

    images: np.ndarray
    shows: np.ndarray
    given: np.ndarray
    state: np.ndarray
    curves: Mapping[str, np.ndarray]
    best: int | None
    order: np.ndarray

    @property
    def epochs(self) -> int:
        """How many epochs were trained; -1 for a network without even a beginning."""
        return len(self.state) - 1


def replay(
    runs: Runs, network: int, memorized: np.ndarray, best: int, order: np.ndarray | None = None
) -> Replay:
    """One network of the runs; memorized (1 + epochs, n) says of every training image whether it is.

    Without `order`, images memorized longest come first.
    """
    sample, said = runs.samples[network], runs.train[:, network]
    wrong = np.flatnonzero(sample.given != sample.true)
    state = np.where(said == sample.true, SEEN_THROUGH, np.where(memorized, MEMORIZED, OTHER))[:, wrong]
    if order is None:
        order = np.argsort(-(state == MEMORIZED).sum(axis=0), kind="stable")
    curves = (runs.accuracy(on)[:, network] for on in ("given", "true", "validation"))
    return Replay(
        sample.x_train[wrong], sample.true[wrong], sample.given[wrong], state,
        dict(zip(CURVES, curves, strict=True)), best, order,
    )  # fmt: skip


def places(replay: Replay) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each image on the wall: a row is a digit, and within it they stand in `order`."""
    rows, columns = replay.shows, np.empty(len(replay.shows), dtype=int)
    for digit in range(10):
        members = replay.order[rows[replay.order] == digit]
        columns[members] = np.arange(len(members))
    return rows, columns


def frame() -> go.Figure:
    """The wall and the curves with their axes, still without numbers."""
    drawing = make_subplots(cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.09)
    drawing.add_heatmap(
        colorscale=[[0, "white"], [1, look.TEXT]], zmin=0, zmax=255, showscale=False, hoverinfo="skip",
        x0=0.5 / TILE - 0.5, dx=1 / TILE, y0=0.5 / TILE - 0.5, dy=1 / TILE,
    )  # fmt: skip
    quarters = ["rgba(0,0,0,0)", *COLORS.values()]
    steps = [end for i, color in enumerate(quarters) for end in ((i / 4, color), ((i + 1) / 4, color))]
    drawing.add_heatmap(
        colorscale=steps, zmin=EMPTY, zmax=MEMORIZED, showscale=False, opacity=0.55, xgap=3, ygap=3,
        x0=0, dx=1, y0=0, dy=1, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(mode="text", hoverinfo="skip", textfont={"size": 12, "color": look.TEXT})
    for name, color in CURVES.items():
        drawing.add_scatter(
            mode="lines", line={"color": color, "width": 3, "dash": "dot" if color == look.BLUE else "solid"},
            hovertemplate=f"{name}: %{{y:.1f}} % after %{{x}} epochs<extra></extra>", row=1, col=2,
        )  # fmt: skip
    drawing.add_scatter(
        mode="markers", marker={"size": 13, "color": look.GREEN, "line": {"width": 2, "color": "white"}},
        hovertemplate="best on validation: epoch %{x}<extra></extra>", row=1, col=2,
    )  # fmt: skip
    drawing.add_scatter(
        y=[0, 100], mode="lines", line={"color": look.TEXT, "width": 1.5}, hoverinfo="skip", row=1, col=2
    )
    names_in_corner(drawing, CURVES, 2)
    look.finish(drawing, "")
    drawing.update_layout(height=560, margin_t=105)
    drawing.update_xaxes(
        title_text="training images with wrong labels (in their corners)", showticklabels=False, ticks="",
        showgrid=False, showline=False, row=1, col=1,
    )  # fmt: skip
    drawing.update_yaxes(
        title_text="digit the image shows", range=[9.5, -0.5], dtick=1, showgrid=False, showline=False,
        ticks="", row=1, col=1,
    )  # fmt: skip
    drawing.update_xaxes(title_text="epochs trained", range=[0, EPOCHS + 0.5], row=1, col=2)
    drawing.update_yaxes(title_text="accuracy (%)", range=[0, 101], row=1, col=2)
    return drawing


def names_in_corner(drawing: go.Figure, colors: Mapping[str, str], column: int) -> None:
    """Write the names of the lines in their colors, low on the right: at their ends they would overlap."""
    axis = column if column > 1 else ""
    drawing.add_annotation(
        text="<br>".join(f"<span style='color:{color}'>{name}</span>" for name, color in colors.items()),
        x=1, xref=f"x{axis} domain", y=0.03, yref=f"y{axis} domain", xanchor="right", yanchor="bottom",
        align="right", showarrow=False, bgcolor="rgba(255,255,255,0.8)",
    )  # fmt: skip


def network(replay: Replay) -> list[dict]:
    """What of the frame changes with the network: the images, their labels, the curves, the best epoch."""
    rows, columns = places(replay)
    width = max(columns.max(initial=0) + 1, 10)
    wall = np.zeros((10 * TILE, width * TILE), dtype=np.uint8)
    # Four pixels make one: half the size is enough for a tile, and a quarter of the bytes to send.
    small = replay.images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    for image, row, column in zip(small, rows, columns, strict=True):
        top, left = row * TILE + ROOM, column * TILE + ROOM
        wall[top : top + 14, left : left + 14] = 255 * image
    epochs = np.arange(replay.epochs + 1)
    best = [] if replay.best is None else [replay.best]
    lines = [{"x": epochs, "y": 100 * replay.curves[name]} for name in CURVES]
    return [
        {"z": wall},
        {},
        {"x": columns - 0.37, "y": rows - 0.32, "text": [f"<b>{label}</b>" for label in replay.given]},
        *lines,
        {"x": best, "y": [100 * replay.curves["validation"][epoch] for epoch in best]},
        {},
    ]


def moment(replay: Replay, epoch: int, name: str) -> dict:
    """What of the frame changes with the epoch, as `look.paint` takes it: colors, the mark, the title."""
    rows, columns = places(replay)
    shape = (10, max(columns.max(initial=0) + 1, 10))
    states, texts = np.full(shape, EMPTY, dtype=np.int8), np.full(shape, "", dtype=object)
    trained = replay.epochs >= 0
    if trained:
        states[rows, columns] = replay.state[epoch]
        for i, (row, column) in enumerate(zip(rows, columns, strict=True)):
            verdict = WORDS[replay.state[epoch, i]]
            texts[row, column] = f"shows {row}, labeled {replay.given[i]}: the network {verdict}"
    traces = [
        {},
        {"z": states, "text": texts.tolist()},
        {},
        {},
        {},
        {},
        {},
        {"x": [epoch, epoch] if trained else []},
    ]
    return {"traces": traces, **_words(replay, epoch, name)}


def _words(replay: Replay, epoch: int, name: str) -> dict:
    wrong = len(replay.given)
    if replay.epochs < 0:
        return {"finding": "Not trained yet: press Train", "detail": f"{name}; {wrong} wrong labels"}
    after = "Before training" if epoch == 0 else f"After {epoch} epoch{'s' if epoch > 1 else ''}"
    counts = np.bincount(replay.state[epoch], minlength=3)
    said = (
        f"{counts[MEMORIZED]} of {wrong} wrong labels {_colored(MEMORIZED, 'memorized')}, "
        f"{counts[SEEN_THROUGH]} {_colored(SEEN_THROUGH, 'seen through')}, {counts[OTHER]} neither"
        if wrong
        else "no label is wrong"
    )
    validation = 100 * replay.curves["validation"]
    kept = "" if replay.best is None else f"; best {validation[replay.best]:.0f} % at epoch {replay.best}"
    return {
        "finding": f"{after}: {said}",
        "detail": f"{name}. Validation {validation[epoch]:.0f} %{kept}",
    }


def _colored(state: int, word: str) -> str:
    return f"<span style='color:{COLORS[state]}'>{word}</span>"


def contents(replay: Replay, epoch: int, name: str) -> dict:
    """All that the frame shows of a network at an epoch, as `look.paint` takes it."""
    now = moment(replay, epoch, name)
    traces = [a | b for a, b in zip(network(replay), now["traces"], strict=True)]
    return now | {"traces": traces}


def figure(replay: Replay, epoch: int, name: str) -> go.Figure:
    """The wall at one epoch beside the accuracies of all of them."""
    return look.paint(frame(), **contents(replay, epoch, name))


def epoch_controls(epochs: int, value: int):
    """A slider over the epochs with a play button linked to it, and both in one row."""
    import ipywidgets

    slider = ipywidgets.IntSlider(
        value, 0, epochs, description="epoch", style={"description_width": "110px"}, layout={"width": "460px"}
    )
    play = ipywidgets.Play(value=value, min=0, max=epochs, interval=200, show_repeat=False)
    ipywidgets.jslink((play, "value"), (slider, "value"))
    return slider, ipywidgets.HBox([slider, play])


def show(replays: Mapping[str, Replay]) -> None:
    """Networks to choose from and an epoch to move; where no one can move it, the first one at its end."""
    from IPython.display import display

    name, first = next(iter(replays.items()))
    if "NBGRADER_EXECUTION" in os.environ:
        display(figure(first, first.epochs, name))
        return
    import ipywidgets

    widget = live(figure(first, first.epochs, name))
    chosen = ipywidgets.Dropdown(
        options=list(replays), description="network",
        style={"description_width": "110px"}, layout={"width": "460px"},
    )  # fmt: skip
    epoch, row = epoch_controls(first.epochs, first.epochs)
    chosen.observe(
        lambda _: look.paint(widget, **contents(replays[chosen.value], epoch.value, chosen.value)), "value"
    )
    epoch.observe(
        lambda _: look.paint(widget, **moment(replays[chosen.value], epoch.value, chosen.value)), "value"
    )
    display(look.stage([chosen, row], widget))
