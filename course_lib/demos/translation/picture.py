"""What lab 3's demo draws: a translation at one of its tokens, and where the model looks for the next one."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.translation import models
from course_lib.gpt.corpus import sentence
from course_lib.gpt.generation import Step, trace
from course_lib.gpt.vocabulary import END, MARKS

EXAMPLES = (
    "Der Mann sieht den Hund.",
    "Den Mann sieht der Hund.",
    "Die Frau ruft das Kind heute an.",
    "Das Kind lacht, weil der Hund den Apfel sucht.",
    "Heute gibt der Lehrer dem Kind ein Buch.",
    "Der Onkel hat die Haustür nicht aufgemacht.",
)
LONGEST = 18  # tokens of a translation, its end included: as many as the longest of the corpus has
BARS = 3  # candidates
_LEFT, _RIGHT = 0.42, 0.62  # where the German tokens end and the English ones begin
_THICK = 0.9  # of a line, in rows, for all of the attention
_TOLD = 0.1  # a token that gets less attention has no number
_FEWEST = 8  # rows
_NAMES = -4  # where the candidates' names end, in percent
_ROUND = np.linspace(0, 1, 25)


@dataclass(frozen=True)
class Reading:
    """What a model makes of a sentence: its steps, or in one line why it makes nothing of it."""

    german: str
    steps: tuple[Step, ...] = ()
    error: str = ""
    about: str = ""  # the models, for the title


@lru_cache(maxsize=32)
def measure(german: str, kind: str) -> Reading:
    """Translate by one of models.KINDS."""
    vocabulary, translators = models.shipped()
    model, causal = translators[kind].model, translators[kind].causal
    try:
        steps = trace(model, vocabulary, german, causal, LONGEST, BARS)
    except ValueError as error:
        return Reading(german, error=str(error))
    return Reading(german, tuple(steps), about=_scores(translators))


def _scores(translators: dict[str, models.Translator]) -> str:
    (name, first), (other, second) = translators.items()
    return (
        f"Trained with {name}: loss {first.loss:.2g}, BLEU {first.bleu:.0f} on held-out pairs; "
        f"{other}: loss {second.loss:.2g}, BLEU {second.bleu:.0f}."
    )


def exchanged(text: str) -> str:
    """The text with every "der" made "den", and the other way round."""
    return re.sub(r"\b([Dd]e)([rn])\b", lambda m: m[1] + ("n" if m[2] == "r" else "r"), text)


def frame() -> go.Figure:
    """Two columns of tokens and the bars of candidates, still empty."""
    drawing = make_subplots(rows=2, row_heights=[0.8, 0.2], vertical_spacing=0.09)
    for color in (look.BLUE, look.ORANGE):  # lines to the prompt, and to what was said
        drawing.add_scatter(
            mode="lines", fill="toself", fillcolor=color, opacity=0.55, line_width=0, hoverinfo="skip",
            row=1, col=1,
        )  # fmt: skip
    for side in ("middle left", "middle right"):
        drawing.add_scatter(
            mode="text", textposition=side, textfont_size=15, cliponaxis=False, row=1, col=1,
            hovertemplate="%{customdata:.1f} % of the attention<extra></extra>",
        )  # fmt: skip
    drawing.add_bar(
        orientation="h", marker_color=look.GREEN, textposition="outside", constraintext="none",
        textfont_size=15, hoverinfo="skip", row=2, col=1,
    )  # fmt: skip
    drawing.add_scatter(
        mode="text", textposition="middle left", textfont_size=15, cliponaxis=False, hoverinfo="skip",
        row=2, col=1,
    )  # fmt: skip
    drawing.update_xaxes(visible=False, range=[0, 1], row=1, col=1)
    drawing.update_yaxes(visible=False, row=1, col=1)
    drawing.update_xaxes(
        title_text="probability of the next token (%)", range=[-64, 138], tickvals=[0, 50, 100], row=2, col=1
    )
    drawing.update_yaxes(visible=False, range=[BARS - 0.4, -0.6], row=2, col=1)
    for x, anchor in ((_LEFT, "right"), (_RIGHT, "left")):
        drawing.add_annotation(
            x=x, xref="x", xanchor=anchor, y=1, yref="y domain", yanchor="bottom", showarrow=False,
            text="", font_color=look.GRAY,
        )  # fmt: skip
    look.finish(drawing, "")
    drawing.update_layout(height=680, margin={"l": 8, "r": 8, "t": 125, "b": 55}, bargap=0.3)
    return drawing


def axes(reading: Reading) -> dict:
    """What of the layout changes with the sentence: how many rows it has, and whether anything is drawn."""
    rows = max(_FEWEST, len(reading.steps), len(reading.steps[0].seen) if reading.steps else 0)
    return {"yaxis.range": (rows - 0.5, -0.6), "xaxis2.visible": bool(reading.steps)}


def contents(reading: Reading, at: int, layer: int = -1, head: int | None = None) -> dict:
    """What `look.paint` takes, at the step `at`; of a layer one head, or the mean of all.

    A reading without steps leaves the frame empty, under its error.
    """
    if not reading.steps:
        empty = {"x": [], "y": [], "text": []}
        return {
            "traces": [{"x": [], "y": []}] * 2 + [empty] * 4,
            "finding": _escaped(reading.error[:1].upper() + reading.error[1:]),
            "detail": "Change the sentence above, or choose an example.",
            "annotations": {0: {"text": ""}, 1: {"text": ""}},
        }
    step = reading.steps[at]
    prompt = len(reading.steps[0].seen)
    weights = step.attention[layer].mean(0) if head is None else step.attention[layer, head]
    said = len(step.seen) - prompt  # tokens; the next one stands in the row below them
    names = [f"<b>{_escaped(name)}</b>" for name, _ in step.candidates]
    chances = [100 * chance for _, chance in step.candidates]
    left = [_with_weight(*pair) for pair in zip(step.seen[:prompt], weights, strict=False)]
    right = [_with_weight(*pair) for pair in zip(step.seen[prompt:], weights[prompt:], strict=True)]
    places = list(range(len(names)))
    return {
        "traces": [
            _ribbons([_across(row, said, weight) for row, weight in enumerate(weights[:prompt])]),
            _ribbons([_back(row, said, weight) for row, weight in enumerate(weights[prompt:])]),
            _column(_LEFT, [f"{text}\u00a0" for text in left], weights[:prompt]),
            _column(_RIGHT, [f"\u00a0{text}" for text in [*right, names[0]]], [*weights[prompt:], np.nan]),
            {"x": chances, "y": places, "text": [_percent(chance / 100, 1) for chance in chances]},
            {"x": [_NAMES] * len(names), "y": places, "text": names},
        ],
        "finding": _finding(reading, at),
        "detail": f"{_looks(step, weights, layer, head)} {reading.about}".rstrip(),
        "annotations": {0: {"text": "German"}, 1: {"text": "English"}},
    }


def _finding(reading: Reading, at: int) -> str:
    words = [step.word for step in reading.steps[: at + 1]]
    done = words[-1] == MARKS[END]
    english = sentence(once(words[:-1] if done else words))
    return f"“{_escaped(reading.german.strip())}” becomes “{_escaped(english)}{'' if done else ' …'}”"


def once(words: Sequence[str]) -> Iterator[str]:
    """A word that is said again and again only once, and how often."""
    for word, run in groupby(words):
        times = len(list(run))
        yield from [word] * times if times < 3 else [f"{word} ({times} times)"]


def _looks(step: Step, weights: np.ndarray, layer: int, head: int | None) -> str:
    """Where most of the attention goes, in words."""
    most = np.argsort(-weights, kind="stable")[:3]
    *first, last = (f"“{_escaped(step.seen[place])}” ({_percent(weights[place])})" for place in most)
    whose = "mean of the heads" if head is None else f"head {head + 1}"
    number = layer % len(step.attention) + 1
    return (
        f"Before “{_escaped(step.word)}” ({_percent(step.candidates[0][1], 1)}) "
        f"layer {number}, {whose}, looks most at {', '.join(first)} and {last}."
    )


def _column(x: float, texts: Sequence[str], weights: Sequence[float]) -> dict:
    return {
        "x": [x] * len(texts),
        "y": list(range(len(texts))),
        "text": list(texts),
        "customdata": [100 * weight for weight in weights],
    }


def _with_weight(token: str, weight: float) -> str:
    number = f" <span style='font-size:12px'>{_percent(weight)}</span>" if weight >= _TOLD else ""
    return _escaped(token) + number


def _across(row: int, to: int, weight: float) -> np.ndarray:
    """The outline (2, points) of a line from a token of the prompt to the next token, level at both ends."""
    x = _LEFT + (_RIGHT - _LEFT) * _ROUND
    y = row + (to - row) * (3 - 2 * _ROUND) * _ROUND**2
    half = weight * _THICK / 2
    return np.array([[*x, *x[::-1]], [*(y - half), *(y + half)[::-1]]])


def _back(row: int, to: int, weight: float) -> np.ndarray:
    """The outline of a line from a token that was said to the next one, which bends into the gap between."""
    half = weight * _THICK / 2
    bends = 0.02 + 0.1 * (to - row) / (to + 1)
    sides = []
    for side in (-half, half):
        y = np.linspace(row + side, to - side, len(_ROUND))
        x = _RIGHT - (bends - side / 12) * np.sin(np.pi * _ROUND)
        sides.append((x, y))
    (outer_x, outer_y), (inner_x, inner_y) = sides
    return np.array([[*outer_x, *inner_x[::-1]], [*outer_y, *inner_y[::-1]]])


def _ribbons(outlines: Sequence[np.ndarray]) -> dict:
    """All outlines in one trace, with gaps between."""
    gap = np.full((2, 1), np.nan)
    x, y = np.concatenate([part for outline in outlines for part in (outline, gap)] or [gap], axis=1)
    return {"x": x.astype(np.float32), "y": y.astype(np.float32)}


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _escaped(text: str) -> str:
    """Plotly takes what stands in < and > for a tag."""
    return html.escape(text, quote=False)
