"""What lab 7's demo draws: who holds what, federated averaging on it, and the line between two models."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import datasets
from course_lib.demos import look
from course_lib.federated import averaging, data_parallel, line, network, rounds, splits, traffic
from course_lib.federated.network import Weights

CLIENTS, ROUNDS, TARGET = 10, 10, 0.9
ALPHAS = {"0.05": 0.05, "0.1": 0.1, "0.3": 0.3, "1": 1.0, "10": 10.0, "all alike": math.inf}
EPOCHS = (1, 2, 5, 10, 20)
PLACES = np.linspace(-0.2, 1.2, 29)
# Data-parallel SGD: steps, and after how many it is measured. Batch and rate are those of the local steps.
STEPS, EVERY = 160, 4
LINES = {"two clients, one start": look.BLUE, "two clients, two starts": look.ORANGE}
NOW, BEFORE, EVERY_STEP = look.BLUE, look.GRAY, look.ORANGE


@dataclass(frozen=True)
class Setting:
    """Dirichlet alpha (infinity: every client alike), local epochs, clients that answer, weighted or not."""

    alpha: float = 0.1
    epochs: int = 5
    answering: int = CLIENTS
    weighted: bool = True

    def __str__(self) -> str:
        held = "all clients alike" if self.alpha == math.inf else f"α {self.alpha:g}"
        means = "models weighted by examples" if self.weighted else "all models weigh the same"
        local = f"{self.epochs} local epoch{'s' if self.epochs > 1 else ''}"
        return f"{held}, {local}, {self.answering} of {CLIENTS} clients answer, {means}"

    def megabytes(self, after: float) -> float:
        """Megabytes that a client sends and receives in so many rounds, on average over all clients."""
        return traffic.bytes_per_client("federated", after, _size(), CLIENTS) * self.answering / CLIENTS / 1e6


@functools.cache
def _size() -> int:
    return network.parameters(network.initial())


@dataclass(frozen=True)
class Run:
    """Accuracy (rounds so far + 1,), and at the end the losses (2, places) along the lines of LINES."""

    accuracy: np.ndarray
    losses: np.ndarray | None = None


@functools.cache
def split(alpha: float) -> list[np.ndarray]:
    """Which of the training digits each of the clients holds."""
    y = datasets.digits().y_train
    return splits.iid(y, CLIENTS) if alpha == math.inf else splits.dirichlet(y, CLIENTS, alpha)


def train(setting: Setting, on_round: Callable[[Run], None] | None = None) -> Run:
    """ROUNDS rounds of federated averaging, calling on_round after each; then the losses on the lines."""
    data, seen = datasets.digits(), []

    def after(turn: int, accuracy: float) -> None:
        seen.append(accuracy)
        if on_round:
            on_round(Run(np.array([start, *seen])))

    start = rounds.measured(network.initial(), data)[0]
    history = rounds.train(
        data, split(setting.alpha), rounds.Setting(rounds=ROUNDS, epochs=setting.epochs),
        answered=averaging.answering(CLIENTS, setting.answering / CLIENTS, ROUNDS),
        average=averaging.federated_average if setting.weighted else _unweighted, on_round=after,
    )  # fmt: skip
    return Run(history.accuracy, lines(setting.alpha, setting.epochs))


def _unweighted(models: list[Weights], sizes: list[int]) -> Weights:
    return averaging.federated_average(models, [1] * len(models))


@functools.cache
def lines(alpha: float, epochs: int) -> np.ndarray:
    """Loss on all training digits (2, places) between the models that the two largest clients made alone.

    They train from one start, and each from a start of its own; how many others answer changes nothing.
    """
    data, dealt = datasets.digits(), split(alpha)
    clients = rounds.clients_of(data, dealt)
    orders = averaging.drawn_orders(clients, epochs, turn=0)
    pair = sorted(range(CLIENTS), key=lambda client: -len(dealt[client]))[:2]
    step, found = rounds.Setting(), []
    for starts in ((0, 0), (0, 1)):
        ends = [
            averaging.local_update(
                network.initial(seed=seed), *clients[client], orders[client], step.batch, step.rate
            )
            for client, seed in zip(pair, starts, strict=True)
        ]
        found.append(line.loss_along(*ends, data.x_train, data.y_train, PLACES))
    return np.array(found)


@functools.cache
def every_step() -> tuple[np.ndarray, np.ndarray]:
    """Data-parallel SGD: megabytes that a rank sends and receives (m,), and accuracy (m,) after so many."""
    data = datasets.digits()
    history = data_parallel.train(data, split(math.inf), STEPS, every=EVERY)
    size = network.parameters(history.weights)
    sent = [traffic.bytes_per_client("data_parallel", int(at), size, CLIENTS) / 1e6 for at in history.at]
    return np.array(sent), history.accuracy


@functools.cache
def opening() -> Run:
    """The run that the demo opens with."""
    return train(Setting())


def frame() -> go.Figure:
    """Four panels with their axes, still without numbers: who holds what, rounds, bytes, and the lines."""
    drawing = make_subplots(
        rows=2, cols=2, column_widths=[0.47, 0.53], horizontal_spacing=0.13, vertical_spacing=0.2,
        subplot_titles=(
            "Who holds which digits", "Accuracy by rounds", "Loss between two models", "Accuracy by bytes"
        ),
    )  # fmt: skip
    drawing.add_heatmap(
        colorscale=[[0, "white"], [1, look.BLUE]], zmin=0, zmax=150, showscale=False, xgap=2, ygap=2,
        x=list(range(10)), y=list(range(1, CLIENTS + 1)), texttemplate="%{text}", textfont_size=12,
        hovertemplate="client %{y}: %{z} of digit %{x}<extra></extra>", row=1, col=1,
    )  # fmt: skip
    for row in (1, 2):
        for color, width in ((BEFORE, 2), (NOW, 3)):
            drawing.add_scatter(
                mode="lines+markers", line={"color": color, "width": width}, marker_size=6, row=row, col=2,
                hovertemplate="%{y:.1f} %<extra></extra>",
            )  # fmt: skip
    megabytes, accuracy = every_step()
    drawing.add_scatter(
        x=megabytes[1:], y=100 * accuracy[1:], mode="lines", line={"color": EVERY_STEP, "width": 3},
        hovertemplate="%{x:.0f} MB: %{y:.1f} %<extra></extra>", row=2, col=2,
    )  # fmt: skip
    for color in LINES.values():
        drawing.add_scatter(
            x=PLACES, mode="lines", line={"color": color, "width": 3}, row=2, col=1,
            hovertemplate="place %{x:.2f}: loss %{y:.2f}<extra></extra>",
        )  # fmt: skip
    for row, names in (
        (1, {"this run": NOW, "the run before": BEFORE}),
        (2, {"this run": NOW, "the run before": BEFORE, "data-parallel SGD": EVERY_STEP}),
    ):
        _names(drawing, names, f"x{2 * row} domain", f"y{2 * row} domain", 0.98, 0.05)
    _names(drawing, LINES, "x3 domain", "y3 domain", 0.98, 0.03)
    for place in (0, 0.5, 1):
        drawing.add_vline(x=place, line={"color": look.GRAY, "width": 1, "dash": "dot"}, row=2, col=1)
    drawing.update_xaxes(title_text="digit", dtick=1, showgrid=False, showline=False, ticks="", row=1, col=1)
    drawing.update_yaxes(
        title_text="client", dtick=1, autorange="reversed", showgrid=False, showline=False, ticks="",
        row=1, col=1,
    )  # fmt: skip
    drawing.update_xaxes(title_text="rounds", range=[-0.2, ROUNDS + 0.2], dtick=1, row=1, col=2)
    drawing.update_xaxes(
        title_text="place on the line", range=[PLACES[0], PLACES[-1]], tickvals=[0, 0.5, 1],
        ticktext=["first model", "average", "second"], row=2, col=1,
    )  # fmt: skip
    drawing.update_yaxes(title_text="loss on all digits", rangemode="tozero", row=2, col=1)
    drawing.update_xaxes(
        title_text="megabytes that a client sends and receives", type="log", range=[-1.5, 2.2],
        tickvals=[0.1, 1, 10, 100], row=2, col=2,
    )  # fmt: skip
    drawing.update_yaxes(title_text="test accuracy (%)", range=[0, 103], col=2)
    look.finish(drawing, "")
    drawing.update_layout(height=720, margin_t=120)
    return drawing


def _names(drawing: go.Figure, colors: dict[str, str], x: str, y: str, right: float, bottom: float) -> None:
    """Write the names of lines in their colors: at their ends they would overlap."""
    drawing.add_annotation(
        text="<br>".join(f"<span style='color:{color}'>{name}</span>" for name, color in colors.items()),
        x=right, xref=x, y=bottom, yref=y, xanchor="right", yanchor="bottom", align="right", showarrow=False,
        bgcolor="rgba(255,255,255,0.8)",
    )  # fmt: skip


def contents(setting: Setting, run: Run | None, before: tuple[Setting, Run] | None = None) -> dict:
    """What of the frame depends on the setting and its run (None while untrained), for `look.paint`."""
    counts = splits.label_counts(datasets.digits().y_train, split(setting.alpha))
    texts = [[str(one) if one else "" for one in client] for client in counts.tolist()]
    known = [] if before is None else [before]
    curves = [_curve(*known[0]) if known else ([], [], []), _curve(setting, run) if run else ([], [], [])]
    losses = [[], []] if run is None or run.losses is None else run.losses
    traces = [
        {"z": counts, "text": texts},
        *({"x": after, "y": percent} for after, _, percent in curves),
        # A logarithmic axis has no place for the model before the first byte.
        *({"x": megabytes[1:], "y": percent[1:]} for _, megabytes, percent in curves),
        {},
        *({"y": values} for values in losses),
    ]
    return {"traces": traces, "finding": _finding(setting, run), "detail": str(setting)}


def _curve(setting: Setting, run: Run) -> tuple[list, list, list]:
    """Rounds, megabytes and accuracy in percent."""
    after = list(range(len(run.accuracy)))
    return after, [setting.megabytes(turn) for turn in after], (100 * run.accuracy).tolist()


def _finding(setting: Setting, run: Run | None) -> str:
    if run is None:
        return "Not trained yet: press Train"
    turns = len(run.accuracy) - 1
    said = f"{100 * run.accuracy[-1]:.0f} % after {turns} round{'s' if turns > 1 else ''}"
    reached = traffic.rounds_to(run.accuracy, TARGET)
    if reached == math.inf:
        return f"{said}; {100 * TARGET:.0f} % not reached"
    sent, accuracy = every_step()
    times = traffic.rounds_to(accuracy, TARGET, sent) / max(setting.megabytes(reached), 1e-9)
    return (
        f"{said}; {100 * TARGET:.0f} % in {reached:.1f} rounds, "
        f"{times:.0f} times fewer bytes than an average after every step"
    )


def figure(setting: Setting, run: Run | None, before: tuple[Setting, Run] | None = None) -> go.Figure:
    """Who holds which digits, accuracy by rounds and by bytes, and the loss between two models."""
    return look.paint(frame(), **contents(setting, run, before))
