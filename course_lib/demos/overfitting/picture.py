"""What question 5's demo trains: a network on labels of which some are wrong."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from course_lib import training
from course_lib.demos.overfitting import wall
from course_lib.demos.overfitting.wall import CURVES, Replay, replay
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
    return wall.figure(opening()[setting], epoch, str(setting))
