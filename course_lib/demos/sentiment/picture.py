"""What lab 2's demo draws: the part of each word in what two networks say of a sentence."""

import functools
import re
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import sentiment
from course_lib.autodiff import Tensor
from course_lib.demos import look
from course_lib.notebook.progress import Progress
from course_lib.sentiment import corpus
from course_lib.sentiment.vocabulary import words

NETWORKS = {"hidden layer": 32, "no hidden layer": 0}  # units in it
EXAMPLES = (
    "The plot is not weak.",
    "I saw it with my sister. The music is hardly gripping.",
    "The story is very lively.",
    "The ending is not dull but funny.",
    "The ending is not funny but dull.",
    "We had row five.",
)
MOST_WORDS = 20  # that have room one below the other
VERDICTS = ("blame", "praise")
_SENTENCES = 4000
_EDGE = 145  # of the axes, in percent: beside a bar of 100 stands a number
_TURNED = dict(zip(corpus.NEGATIONS, corpus.AFFIRMATIONS, strict=True))
_TURNED |= {affirmation: negation for negation, affirmation in _TURNED.items()}
_BEFORE_OR_ADJECTIVE = re.compile(rf"\b(?:({'|'.join(_TURNED)})|({'|'.join(corpus.ADJECTIVES)}))\b", re.I)


@dataclass(frozen=True)
class Reading:
    """What the networks of NETWORKS make of a sentence.

    parts[i][w] is the logit of network i less its logit when the vector of word w is taken out of the mean,
    None for a word it does not know. Without a hidden layer, parts and bias add up to the logit.
    """

    words: tuple[str, ...]
    cut: bool  # whether there were more words
    logits: tuple[float, ...]
    parts: tuple[tuple[float | None, ...], ...]
    says: tuple[int, ...]  # (1,) praise, (0,) blame, (0, 1) both, () neither
    held_out: tuple[str, ...]  # pairs of words in it that were never trained together


@functools.cache
def trained() -> tuple[sentiment.Vocabulary, tuple[sentiment.Classifier, ...]]:
    """Both networks, trained on the same reviews in about a second under a progress bar."""
    reviews = sentiment.reviews(_SENTENCES)
    vocabulary = sentiment.Vocabulary.of(reviews.train.texts)
    examples = vocabulary.examples(reviews.train)
    models = tuple(sentiment.Classifier(vocabulary.size, hidden=units) for units in NETWORKS.values())
    with Progress(len(models), f"training two networks on {_SENTENCES:,} reviews") as bar:
        for model in models:
            sentiment.train(model, examples)
            bar.update(1)
    return vocabulary, models


def pairs_in(read: list[str]) -> list[tuple[str, str]]:
    """(before, adjective) of each adjective among the words; before is "" where no such word stands there."""
    found = []
    for place, word in enumerate(read):
        if word in corpus.ADJECTIVES:
            before = read[place - 1] if place else ""
            found.append((before if before in _TURNED else "", word))
    return found


def measure(text: str) -> Reading:
    """Ask both networks for the sentence, and again with each of its words in turn taken out of the mean."""
    vocabulary, models = trained()
    every = words(text)
    read = every[:MOST_WORDS]
    known = [word in vocabulary for word in read]
    ids = vocabulary.ids(" ".join(read))
    logits, parts = [], []
    for model in models:
        shares = model.embedding.weight.numpy()[ids] / max(len(ids), 1)  # (known words, width)
        mean = shares.sum(axis=0)
        whole, *without = model.layers(Tensor(np.stack([mean, *(mean - shares)]))).numpy()[:, 0].tolist()
        rest = iter(without)
        logits.append(whole)
        parts.append(tuple(whole - next(rest) if seen else None for seen in known))
    pairs = pairs_in(read)
    said = {corpus.label(adjective, before) for before, adjective in pairs}
    held_out = corpus.pairs()[1]
    return Reading(
        tuple(read),
        len(every) > len(read),
        tuple(logits),
        tuple(parts),
        tuple(sorted(said)),
        tuple(" ".join(pair) for pair in pairs if pair in held_out),
    )


def flipped(text: str) -> str:
    """The text with each negation made an affirmation, and the other way round.

    Without either, "not" is put before the first adjective of the reviews; without one, nothing changes.
    """
    if any(match[1] for match in _BEFORE_OR_ADJECTIVE.finditer(text)):
        return _BEFORE_OR_ADJECTIVE.sub(lambda m: _TURNED[m[1].lower()] if m[1] else m[0], text)
    return _BEFORE_OR_ADJECTIVE.sub(r"not \2", text, count=1)


def frame() -> go.Figure:
    """A panel for each network, with its axes, still without words."""
    drawing = make_subplots(cols=2, horizontal_spacing=0.05, shared_yaxes=True, subplot_titles=[*NETWORKS])
    for col in (1, 2):
        drawing.add_bar(
            orientation="h", row=1, col=col, textposition="outside", constraintext="none",
            textfont_size=14, hovertemplate="%{customdata}: %{text}<extra></extra>",
        )  # fmt: skip
    # Not as ticks: an axis of names keeps those that a sentence before had.
    drawing.add_scatter(
        mode="text", textposition="middle left", textfont_size=16, cliponaxis=False, hoverinfo="skip"
    )
    drawing.update_xaxes(
        title_text="part of the logit (% of the largest)", range=[-_EDGE, _EDGE],
        tickvals=[-100, -50, 0, 50, 100], zeroline=True, zerolinecolor=look.TEXT,
    )  # fmt: skip
    drawing.update_yaxes(autorange="reversed", showgrid=False, showticklabels=False, ticks="")
    drawing.update_yaxes(title={"text": "words in their order", "standoff": 110}, col=1)
    look.finish(drawing, "")
    drawing.update_layout(height=620, margin={"t": 125, "l": 150}, bargap=0.25)
    return drawing


def contents(reading: Reading) -> dict:
    """What of the frame depends on the sentence, as `look.paint` takes it; the title says what came out."""
    verdicts = [VERDICTS[logit > 0] for logit in reading.logits]
    places = list(range(1, len(reading.words) + 1))
    traces = []
    for parts in reading.parts:
        known = np.array([part or 0.0 for part in parts])
        largest = np.abs(known).max(initial=1e-9)
        digits = 1 if largest > 5 else 2
        traces.append(
            {
                "x": 100 * known / largest,
                "y": places,
                "customdata": list(reading.words),
                "text": ["not known" if part is None else f"{part:+.{digits}f}" for part in parts],
                "marker.color": [look.BLUE if part > 0 else look.ORANGE for part in known],
            }
        )
    traces.append(
        {"x": [-_EDGE] * len(places), "y": places, "text": [f"{word}\u00a0" for word in reading.words]}
    )
    return {
        "traces": traces,
        "finding": _finding(reading, verdicts),
        "detail": _detail(reading),
        "annotations": {
            place: {"text": f"{name}: {verdict} (logit {logit:+.1f})"}
            for place, (name, verdict, logit) in enumerate(
                zip(NETWORKS, verdicts, reading.logits, strict=True)
            )
        },
    }


def _finding(reading: Reading, verdicts: list[str]) -> str:
    quoted = f"“{' '.join(reading.words)}”"
    if len(reading.says) != 1:
        return f"{quoted}: {verdicts[0]} for the network with a hidden layer, {verdicts[1]} without"
    truth = VERDICTS[reading.says[0]]
    right = ["right" if verdict == truth else "wrong" for verdict in verdicts]
    return f"{quoted} is {truth}: with a hidden layer {right[0]}, without {right[1]}"


def _detail(reading: Reading) -> str:
    """What the networks were trained on, of this sentence; and what of it they do not see."""
    said = ["No adjective of the reviews is in it.", "Its pairs of words were trained.", "It says both."][
        len(reading.says)
    ]
    if reading.held_out:
        said = f"Never trained together: {', '.join(reading.held_out)}."
    if not any(part is not None for part in reading.parts[0]):
        said = "No word is known."
    return said + f" Only the first {MOST_WORDS} words are read." * reading.cut


def figure(reading: Reading) -> go.Figure:
    """Bars of the words' parts, one panel for each network."""
    return look.paint(frame(), **contents(reading))
