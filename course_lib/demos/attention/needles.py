"""Demo of question 3: drag a head's weight between two needles, and see what a readout can still name."""

import functools
import os
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.heads import needles
from course_lib.heads.retrieval import PEOPLE, THINGS

STEPS = 51  # settings of a slider, 2 % apart
WEIGHTS = np.linspace(0, 1, STEPS)
HELD = ("egg", "bread", "honey", "fig", "date", "apple", "grape", "cheese")  # by PEOPLE, in order
FIRST, SECOND = PEOPLE.index("Bob"), PEOPLE.index("Gus")
DARK = "#444444"
HEAD_COLORS = (look.PURPLE, "#2A7FB0")


@dataclass(frozen=True)
class Named:
    """What the best linear readout names when each head puts `weights` (heads,) on Bob, the rest on Gus."""

    weights: tuple[float, ...]
    chances: np.ndarray  # (2, 8): of each thing as first and as second answer
    curve: np.ndarray  # (STEPS, 2): chances of the right answers for every weight of the last head

    @property
    def right(self) -> np.ndarray:
        """Chances (2,) of the right first and second answer."""
        wanted = [THINGS.index(HELD[FIRST]), THINGS.index(HELD[SECOND])]
        return self.chances[[0, 1], wanted]


@functools.lru_cache(maxsize=4096)
def measure(*weights: float) -> Named:
    """Refit the readout for the weights of one or two heads on the first needle."""
    first, second = THINGS.index(HELD[FIRST]), THINGS.index(HELD[SECOND])
    chances = np.empty((2, len(THINGS)))
    for row, (wanted, other, t) in enumerate(
        ((first, second, np.array(weights)), (second, first, 1 - np.array(weights)))
    ):
        named, rival, rest = needles.chances(t)
        chances[row] = rest
        chances[row, [wanted, other]] = named, rival
    return Named(weights, chances, _curve(weights[:-1]))


@functools.lru_cache(maxsize=256)
def _curve(others: tuple[float, ...]) -> np.ndarray:
    """Chances (STEPS, 2) of the right answers as the last head moves and the others stay."""
    fixed = np.broadcast_to(others, (STEPS, len(others)))
    return needles.both_named(np.column_stack([fixed, WEIGHTS]))


def frame() -> go.Figure:
    """Four panels with axes and labels: where the heads look, the two answers, and the chances."""

    drawing = make_subplots(
        rows=2,
        cols=3,
        specs=[[{"colspan": 3}, None, None], [{}, {}, {}]],
        column_widths=[0.26, 0.26, 0.48],
        row_heights=[0.4, 0.6],
        horizontal_spacing=0.1,
        vertical_spacing=0.24,
        subplot_titles=(
            "",
            "Bob has",
            "Gus has",
            _chances_title(1),
        ),
    )
    tokens = [f"{person}: {thing}" for person, thing in zip(PEOPLE, HELD, strict=True)]
    for color in HEAD_COLORS:
        drawing.add_bar(
            x=tokens, marker_color=color, row=1, col=1, hovertemplate="%{x}: %{y:.0f} %<extra></extra>"
        )
    for column in (1, 2):
        drawing.add_bar(
            y=list(THINGS), orientation="h", row=2, col=column, marker_color=[look.GRAY] * len(THINGS),
            hovertemplate="%{y}: %{x:.0f} %<extra></extra>",
        )  # fmt: skip
    for color, dash in ((look.BLUE, "solid"), (look.ORANGE, "solid"), (DARK, "dot")):
        drawing.add_scatter(
            x=100 * WEIGHTS, mode="lines", line={"color": color, "width": 3, "dash": dash}, row=2, col=3,
            hovertemplate="%{x:.0f} % on Bob: %{y:.0f} %<extra></extra>",
        )  # fmt: skip
    drawing.add_scatter(
        mode="markers", row=2, col=3, hoverinfo="skip",
        marker={"size": 13, "color": [look.BLUE, look.ORANGE, DARK], "line": {"color": "white", "width": 2}},
    )  # fmt: skip
    drawing.update_xaxes(showgrid=False, row=1, col=1)
    drawing.update_yaxes(title_text="weight (%)", range=[0, 104], row=1, col=1)
    for column, place in ((1, FIRST), (2, SECOND)):
        names = [f"<b>{thing}</b>" if thing == HELD[place] else thing for thing in THINGS]
        drawing.update_yaxes(tickvals=list(THINGS), ticktext=names, autorange="reversed", row=2, col=column)
        drawing.update_yaxes(showgrid=False, row=2, col=column)
        drawing.update_xaxes(title_text="chance (%)", range=[0, 104], row=2, col=column)
    drawing.update_xaxes(title_text="weight on Bob (%)", range=[-2, 102], row=2, col=3)
    drawing.update_yaxes(title_text="chance (%)", range=[0, 104], row=2, col=3)
    for words, color, height in zip(("head 1", "head 2"), HEAD_COLORS, (0.95, 0.75), strict=True):
        drawing.add_annotation(
            text=words, font_color=color, x=1, xref="x domain", y=height,
            yref="y domain", xanchor="right", showarrow=False,
        )  # fmt: skip
    look.finish(drawing, "")
    drawing.update_layout(height=620, bargap=0.25, margin_t=90)
    return drawing


def _chances_title(heads: int) -> str:
    words = (("Bob's", look.BLUE), ("Gus's", look.ORANGE), ("both", DARK))
    colored = ", ".join(f"<span style='color:{color}'>{word}</span>" for word, color in words)
    return f"Right as head {heads} moves: {colored}"


def contents(named: Named) -> dict:
    """What of the frame depends on the weights, as `look.paint` takes it; the title says what came out."""
    shares = np.zeros((2, len(PEOPLE)))
    for head, weight in enumerate(named.weights):
        shares[head, [FIRST, SECOND]] = 100 * weight, 100 * (1 - weight)
    both = named.right.prod()
    answers = []
    for row, place in enumerate((FIRST, SECOND)):
        wanted, top = THINGS.index(HELD[place]), int(named.chances[row].argmax())
        colors = np.full(len(THINGS), "#C4C4C4", dtype=object)
        colors[top] = look.ORANGE
        colors[wanted] = look.GREEN
        answers.append({"x": 100 * named.chances[row], "marker.color": colors.tolist()})
    curves = 100 * np.column_stack([named.curve, named.curve.prod(axis=1)])
    dots = 100 * np.array([*named.right, both])
    heads = "One head" if len(named.weights) == 1 else "Two heads"
    where = " and ".join(f"{weight:.0%}" for weight in named.weights)
    return {
        "traces": [
            {"y": shares[0]},
            {"y": shares[1]},
            *answers,
            *({"y": curve} for curve in curves.T),
            {"x": np.full(3, 100 * named.weights[-1]), "y": dots},
        ],
        "finding": f"{heads} with {where} on Bob: a chance of {both:.0%} that both answers are right",
        "detail": f"Chance of Bob's alone {named.right[0]:.0%}, of Gus's alone {named.right[1]:.0%}. "
        "The readout is refitted at every step: no linear one fits better.",
        "annotations": {
            -1: {"text": "head 2" if len(named.weights) == 2 else ""},
            -3: {"text": _chances_title(len(named.weights))},
        },
    }


def figure(named: Named) -> go.Figure:
    """Where the heads look, what can be named from what they bring back, and the same for other weights."""
    return look.paint(frame(), **contents(named))


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(figure(measure(0.7)))
        return
    import ipywidgets

    widget = live(figure(measure(0.7)))
    wide = {"style": {"description_width": "170px"}, "layout": {"width": "560px"}}
    many = ipywidgets.ToggleButtons(options={"one head": 1, "two heads": 2}, description="")

    def slider(head, percent):
        return ipywidgets.FloatSlider(
            percent, min=0, max=100, step=100 / (STEPS - 1), readout_format=".0f",
            description=f"head {head} looks at Bob (%)", **wide,
        )  # fmt: skip

    sliders = [slider(1, 70), slider(2, 30)]
    sliders[1].layout.visibility = "hidden"

    def update(_):
        sliders[1].layout.visibility = "visible" if many.value == 2 else "hidden"
        look.paint(widget, **contents(measure(*(handle.value / 100 for handle in sliders[: many.value]))))

    for control in (many, *sliders):
        control.observe(update, "value")
    display(look.stage([many, *sliders], widget))
