"""What question 3's demo draws: where the heads of trained models look."""

import functools
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from course_lib import seeds, training
from course_lib.demos import look
from course_lib.heads import retrieval
from course_lib.heads.retrieval import PEOPLE, THINGS, Models, Questions
from course_lib.notebook.progress import Progress

HEADS = (1, 2, 4, 8)  # of the models that the demo trains for itself
STEPS = 300
STORIES = 20
MOST_READABLE = 8  # heads whose weights are written into their cells


@dataclass(frozen=True)
class Look:
    """What the first model of `models` sees and says when asked for two people of a story."""

    heads: int
    tokens: tuple[str, ...]  # (8,) a person above a thing, in the order of the story
    asked: tuple[str, str]
    places: tuple[int, int]
    weights: np.ndarray  # (heads, 8)
    said: tuple[str, str]
    answers: tuple[str, str]
    accuracy: float  # of the model on unseen questions
    without: tuple[float, ...]  # (heads,) the same when a head is silent


@functools.cache
def trained_models() -> dict[int, Models]:
    """Models with each of HEADS, trained in a few seconds under a progress bar."""
    models = {}
    title = f"training models with {', '.join(map(str, HEADS))} heads"
    with training.one_thread(), Progress(len(HEADS) * STEPS, title) as bar:
        for heads in HEADS:
            models[heads] = retrieval.train(heads, (0,), steps=STEPS, on_step=bar.update)
    return models


@functools.cache
def stories() -> Questions:
    """People in random places with random things; whom to ask for is up to the viewer."""
    return retrieval.questions(STORIES, random=seeds.torch_stream("demos", "attention", "stories"))


def silent_heads(models: Models) -> tuple[float, tuple[float, ...]]:
    """Accuracy of the first model, and when each of its heads in turn is silent."""
    first = retrieval.only(models, 0)
    without = [retrieval.without_head(first, head) for head in range(models.heads)]
    return float(retrieval.accuracy(first)), tuple(float(retrieval.accuracy(model)) for model in without)


def measure(models: Models, story: int, first: str, second: str, accuracies: tuple) -> Look:
    """Ask the first model; `accuracies` are what `silent_heads` measured of it."""
    told = stories()[story]
    asked = torch.tensor([PEOPLE.index(first), PEOPLE.index(second)])
    question = Questions(*(part.expand(1, 1, -1) for part in (told.people, told.things, asked)))
    with torch.no_grad():
        said = retrieval.logits(retrieval.only(models, 0), question)[0, 0].argmax(-1)
        weights = retrieval.looks(retrieval.only(models, 0), question)[0, 0].numpy()
    return Look(
        models.heads,
        tuple(f"{PEOPLE[p]}<br>{THINGS[t]}" for p, t in zip(told.people, told.things, strict=True)),
        (first, second),
        tuple(question.places[0, 0].tolist()),
        weights,
        tuple(THINGS[thing] for thing in said),
        tuple(THINGS[thing] for thing in question.answers[0, 0]),
        *accuracies,
    )


def frame() -> go.Figure:
    """The map of the heads and the bars of silent heads, still empty."""
    drawing = make_subplots(
        cols=2, column_widths=[0.76, 0.24], horizontal_spacing=0.04, shared_yaxes=True,
        subplot_titles=("", "both right without it"),
    )  # fmt: skip
    drawing.add_heatmap(
        zmin=0, zmax=100, colorscale=look.HEAT, xgap=2, ygap=2, row=1, col=1, texttemplate="%{text}",
        textfont_size=15, showscale=False, hovertemplate="%{y}, %{x}: %{z:.0f} %<extra></extra>",
    )  # fmt: skip
    drawing.add_bar(
        orientation="h", marker_color=look.BLUE, texttemplate="%{x:.0f} %", row=1, col=2,
        hovertemplate="%{x:.0f} % without %{y}<extra></extra>",
    )  # fmt: skip
    drawing.update_xaxes(title_text="what the head sees", showgrid=False, side="bottom", row=1, col=1)
    drawing.update_xaxes(
        title_text="unseen questions (%)", range=[0, 118], tickvals=[0, 50, 100], row=1, col=2
    )
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_yaxes(title_text="weights of each head (%)", row=1, col=1)
    for color in (look.BLUE, look.ORANGE):
        drawing.add_annotation(
            x=0, y=1, yref="y domain", yanchor="bottom", showarrow=False, text="", font_color=color
        )
    look.finish(drawing, "")
    drawing.update_layout(height=520, margin_t=130)
    return drawing


def contents(seen: Look) -> dict:
    """What of the frame depends on the question, as `look.paint` takes it; the title says what came out."""
    names = [f"head {head + 1}" for head in range(seen.heads)]
    percent = 100 * seen.weights
    text = np.full(percent.shape, "", dtype=object)
    if seen.heads <= MOST_READABLE:
        text = np.vectorize(lambda share: f"{share:.0f}")(percent)
    verdicts = [said == answer for said, answer in zip(seen.said, seen.answers, strict=True)]
    verdict = {2: "both right", 1: "one of two right", 0: "both wrong"}[sum(verdicts)]
    heads = "1 head says" if seen.heads == 1 else f"{seen.heads} heads say"
    same = " Nobody is asked for twice in training." if seen.asked[0] == seen.asked[1] else ""
    first, second = seen.places
    return {
        "traces": [
            {"x": list(seen.tokens), "y": names, "z": percent.astype(np.float32), "text": text.tolist()},
            {"x": [100 * share for share in seen.without], "y": names},
        ],
        "finding": f"{', then '.join(seen.asked)}? {heads} “{', '.join(seen.said)}”: {verdict}",
        "detail": f"On unseen questions both answers are right in {seen.accuracy:.0%}.{same}",
        "annotations": {
            -2: {"x": first, "text": "▼ asked first"},
            -1: {"x": second, "text": "▼ then" if first != second else ""},
        },
    }


def figure(seen: Look) -> go.Figure:
    """A map of where each head looks, and beside it what is lost without that head."""
    return look.paint(frame(), **contents(seen))
