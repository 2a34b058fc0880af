"""Demo of question 5: a network is trained as you watch, and learns its wrong labels by heart."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from course_lib import training
from course_lib.demos import look, overfitting_wall
from course_lib.demos.overfitting_wall import CURVES, Replay, contents, moment, replay
from course_lib.overfitting import networks, remedies
from course_lib.overfitting.samples import Samples, samples, stratified

WIDTHS = (8, 16, 32, 64, 128, 256)
SHARES = {"none": 0.0, "10 %": 0.1, "25 %": 0.25, "40 %": 0.4}
DROPOUTS = (0.0, 0.25, 0.5, 0.75)
DECAYS = (0.0, 0.5, 1.0, 2.0, 4.0)
PATIENCE = 8


@dataclass(frozen=True)
class Setting:
    """What one network is trained with: units, share of wrong labels, dropout probability, weight decay."""

    width: int = 256
    share: float = 0.25
    dropout: float = 0.0
    decay: float = 0.0

    def __str__(self) -> str:
        helps = [f"dropout {self.dropout:g}"] * (self.dropout > 0) + [f"decay {self.decay:g}"] * (
            self.decay > 0
        )
        return ", ".join([f"Width {self.width}", *helps])


@functools.cache
def drawn(share: float) -> Samples:
    """The demo's 500 training images with this share of wrong labels, and 400 clean ones to validate on."""
    return samples(stratified(), share)


def train(setting: Setting, on_epoch: Callable[[Replay], None] | None = None) -> Replay:
    """Train one network, calling on_epoch with what there is so far after every epoch; a second or two."""
    sample = drawn(setting.share)

    def seen(runs: networks.Runs, order: np.ndarray | None = None) -> Replay:
        repeated = remedies.memorized(runs.train[:, 0], sample.given, sample.true)
        best = int(remedies.best_epochs(runs.accuracy("validation"), PATIENCE)[0])
        return replay(runs, 0, repeated, best, order)

    in_place = np.arange((sample.given != sample.true).sum())
    with training.one_thread():
        runs = networks.train(
            [sample],
            setting.width,
            dropout=remedies.dropping(setting.dropout) if setting.dropout else None,
            step=remedies.decaying(setting.decay),
            on_epoch=(lambda so_far: on_epoch(seen(so_far, in_place))) if on_epoch else None,
            progress=False,
        )
    return seen(runs)


def untrained(setting: Setting) -> Replay:
    """The wrongly labeled images of a setting that was not trained yet: no colors, no curves."""
    sample = drawn(setting.share)
    wrong = np.flatnonzero(sample.given != sample.true)
    return Replay(
        sample.x_train[wrong], sample.true[wrong], sample.given[wrong], np.empty((0, len(wrong)), dtype=int),
        {name: np.empty(0) for name in CURVES}, None, np.arange(len(wrong)),
    )  # fmt: skip


@functools.cache
def opening() -> dict[Setting, Replay]:
    """What is trained when the demo opens: a wide network and a narrow one."""
    return {setting: train(setting) for setting in (Setting(256), Setting(32))}


def figure(setting: Setting, epoch: int) -> go.Figure:
    """The wall of one of the networks trained at the opening, beside its curves."""
    return overfitting_wall.figure(opening()[setting], epoch, str(setting))


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(figure(Setting(), networks.EPOCHS))
        return
    import ipywidgets

    trained = dict(opening())
    widget = go.FigureWidget(figure(Setting(), networks.EPOCHS))
    wide = {"style": {"description_width": "110px"}, "layout": {"width": "460px"}}
    controls = {
        "width": ipywidgets.SelectionSlider(options=WIDTHS, value=256, description="width", **wide),
        "share": ipywidgets.SelectionSlider(
            options=list(SHARES.items()), value=0.25, description="wrong labels", **wide
        ),
        "dropout": ipywidgets.SelectionSlider(options=DROPOUTS, description="dropout", **wide),
        "decay": ipywidgets.SelectionSlider(options=DECAYS, description="weight decay", **wide),
    }
    epoch, epoch_row = overfitting_wall.epoch_controls(networks.EPOCHS, networks.EPOCHS)
    button = ipywidgets.Button(description="Train", icon="play", button_style="primary")
    busy = False

    def setting() -> Setting:
        return Setting(**{name: control.value for name, control in controls.items()})

    def current() -> Replay:
        return trained.get(setting()) or untrained(setting())

    def changed(_):
        button.disabled = setting() in trained
        look.paint(widget, **contents(current(), epoch.value, str(setting())))

    def moved(_):
        if not busy:
            look.paint(widget, **moment(current(), epoch.value, str(setting())))

    def pressed(_):
        nonlocal busy
        busy, button.disabled = True, True
        chosen = setting()

        def live(so_far: Replay) -> None:
            epoch.value = so_far.epochs
            # The images came with the first epoch; only what is new travels.
            paint = contents if so_far.epochs == 1 else _curves_and_moment
            look.paint(widget, **paint(so_far, so_far.epochs, str(chosen)))

        try:
            trained[chosen] = train(chosen, live)
        finally:
            busy = False
            changed(None)

    for control in controls.values():
        control.observe(changed, "value")
    epoch.observe(moved, "value")
    button.on_click(pressed)
    button.disabled = True
    left, right = list(controls.values())[:2], list(controls.values())[2:]
    columns = ipywidgets.HBox([ipywidgets.VBox(left), ipywidgets.VBox(right)])
    display(look.stage([columns, ipywidgets.HBox([epoch_row, button])], widget))


def _curves_and_moment(so_far: Replay, epoch: int, name: str) -> dict:
    """As `contents`, without the images and their labels."""
    every = contents(so_far, epoch, name)
    return every | {"traces": [{}, every["traces"][1], {}, *every["traces"][3:]]}
