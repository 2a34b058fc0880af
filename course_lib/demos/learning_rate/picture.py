"""What question 4's demo draws: two rates in one bowl, and in a real network."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import datasets, training
from course_lib.demos import look
from course_lib.learning_rate import curves, quadratic

RATES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0)
MOMENTA = (0.0, 0.5, 0.9)
STEPS, EPOCHS = 40, 12
START = (0.3, 1.0)  # along the steep and the shallow direction
SHALLOW = 0.5  # curvature of the shallow direction
ACROSS, ALONG = np.linspace(-1.05, 1.05, 43), np.linspace(-1.25, 1.25, 51)
NAMES, COLORS = ("A", "B"), (look.BLUE, look.ORANGE)
_trained: dict[tuple[float, float, float], np.ndarray] = {}  # accuracies, by rates and momentum


@dataclass(frozen=True)
class Descent:
    """Descent in the bowl at rates A and B: positions (2, STEPS + 1, 2), losses (2, STEPS + 1), the limit."""

    rates: tuple[float, float]
    curvature: float
    momentum: float
    paths: np.ndarray
    loss: np.ndarray
    limit: float

    @property
    def fates(self) -> list[str]:
        """What becomes of each rate, by theory: it depends on which side of the limit it lies."""
        return [
            "jumps forever"
            if math.isclose(rate, self.limit)
            else ("comes to rest" if rate < self.limit else "flies away")
            for rate in self.rates
        ]


def measure(rate_a: float, rate_b: float, curvature: float, momentum: float) -> Descent:
    """Descend STEPS steps in a bowl of this curvature one way and SHALLOW the other."""
    bowl = np.array([curvature, SHALLOW])
    with np.errstate(over="ignore"):
        paths = quadratic.bowl_paths([rate_a, rate_b], bowl, START, STEPS, momentum)
        loss = (bowl * paths**2).sum(axis=-1) / 2
    limit = quadratic.largest_stable_rate(bowl, momentum)
    return Descent((rate_a, rate_b), curvature, momentum, paths, loss, limit)


def train_network(
    rate_a: float, rate_b: float, momentum: float, on_epoch: Callable[[int, np.ndarray], None]
) -> np.ndarray:
    """Train question 4's network on the digits at both rates, together; test accuracy (EPOCHS, 2).

    on_epoch(epoch, accuracy (2,)) is called after each. What was trained once is known: the bowl beside it
    may have become another since then.
    """
    setting = rate_a, rate_b, momentum
    if setting in _trained:
        for epoch, accuracy in enumerate(_trained[setting]):
            on_epoch(epoch, accuracy)
        return _trained[setting]
    data = datasets.digits()
    with training.one_thread():
        _trained[setting] = curves.train_many(
            data.x_train, data.y_train, (data.x_test, data.y_test), [rate_a, rate_b],
            momentum=momentum, epochs=EPOCHS, on_epoch=on_epoch,
        ).validation  # fmt: skip
    return _trained[setting]


def frame() -> go.Figure:
    """Three panels with their axes and labels, still without numbers: the bowl, its loss, the network."""
    drawing = make_subplots(
        cols=3, column_widths=[0.36, 0.32, 0.32], horizontal_spacing=0.09,
        subplot_titles=("A bowl, seen from above", "Its loss", "A real network"),
    )  # fmt: skip
    drawing.add_contour(
        x=ALONG, y=ACROSS, showscale=False, ncontours=12, contours_coloring="lines", line_width=1,
        colorscale=[[0, "#C4C4C4"], [1, "#C4C4C4"]], hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    for name, color in zip(NAMES, COLORS, strict=True):
        drawing.add_scatter(
            mode="lines+markers", line={"color": color, "width": 2}, marker_size=6, row=1, col=1,
            hovertemplate=f"{name}: (%{{x:.2f}}, %{{y:.2f}})<extra></extra>",
        )  # fmt: skip
    for name, color in zip(NAMES, COLORS, strict=True):
        drawing.add_scatter(
            x=np.arange(STEPS + 1), mode="lines+markers", line={"color": color, "width": 3}, marker_size=5,
            row=1, col=2, hovertemplate=f"{name}, step %{{x}}: %{{y:.2g}}<extra></extra>",
        )  # fmt: skip
    for name, color in zip(NAMES, COLORS, strict=True):
        drawing.add_scatter(
            x=np.arange(1, EPOCHS + 1), y=[None] * EPOCHS, mode="lines+markers",
            line={"color": color, "width": 3}, marker_size=7, row=1, col=3,
            hovertemplate=f"{name}, epoch %{{x}}: %{{y:.0f}} %<extra></extra>",
        )  # fmt: skip
    drawing.update_xaxes(title_text="shallow direction", range=[-1.25, 1.25], showgrid=False, col=1)
    drawing.update_yaxes(title_text="steep direction", range=[-1.05, 1.05], showgrid=False, col=1)
    drawing.update_xaxes(title_text="step", range=[0, STEPS], col=2)
    drawing.update_yaxes(
        title_text="loss", type="log", range=[-6.2, 2.2], dtick=2, exponentformat="power", col=2
    )
    drawing.update_xaxes(title_text="epoch", range=[0.5, EPOCHS + 0.5], dtick=3, tick0=3, col=3)
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103], col=3)
    look.finish(drawing, "")
    drawing.update_layout(height=470, margin_t=130)
    return drawing


def contents(d: Descent, accuracy: np.ndarray | None = None) -> dict:
    """What of the frame depends on the numbers; accuracy (epochs so far, 2) of a network that was trained."""
    curvatures = np.array([d.curvature, SHALLOW])
    bowl = (curvatures[0] * ACROSS[:, None] ** 2 + curvatures[1] * ALONG**2) / 2
    # A browser draws no number beyond what float32 holds; what has left the panel may leave it anywhere.
    paths, loss = np.clip(d.paths, -1e6, 1e6), np.clip(d.loss, 1e-9, 1e9)
    network = np.full((EPOCHS, 2), np.nan)
    if accuracy is not None:
        network[: len(accuracy)] = 100 * accuracy
    fates = [f"{name} ({rate:g}) {fate}" for name, rate, fate in zip(NAMES, d.rates, d.fates, strict=True)]
    detail = f"Curvature {d.curvature:g}, momentum {d.momentum:g}. "
    if accuracy is None:
        detail += "To train the network, press the button"
    else:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in zip(NAMES, accuracy[-1], strict=True))
        detail += f"Network after epoch {len(accuracy)}: {shares}"
    return {
        "traces": [
            {"z": np.sqrt(bowl).astype(np.float32)},
            *({"x": path[:, 1], "y": path[:, 0]} for path in paths.astype(np.float32)),
            *({"y": line} for line in loss.astype(np.float32)),
            *({"y": [None if np.isnan(value) else value for value in line]} for line in network.T),
        ],
        "finding": f"This bowl's limit is {d.limit:.3g}: " + ", ".join(fates),
        "detail": detail,
    }


def figure(descent: Descent, accuracy: np.ndarray | None = None) -> go.Figure:
    """Two descents in one bowl, their losses, and the accuracy of the network at the same rates."""
    return look.paint(frame(), **contents(descent, accuracy))
