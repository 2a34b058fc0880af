"""Translations word by word: the model says the most probable next token until it says that it is done."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from course_lib.autodiff import no_grad
from course_lib.autodiff.functional import softmax
from course_lib.gpt.transformer import DecoderLM
from course_lib.gpt.vocabulary import END, Vocabulary
from course_lib.notebook.reference import reference

LONGEST = 40  # tokens of a translation


@reference("Lab3.6")
def decode(
    next_scores: Callable[[list[list[int]]], np.ndarray],
    prompts: Sequence[Sequence[int]],
    stop: int,
    longest: int,
) -> list[list[int]]:
    """What follows each prompt, without it: at most `longest` tokens, ended by `stop`, which is left out.

    `next_token` is given sequences, each a prompt with what was said so far, and says the next token of each.
    A sequence that has ended is not given to it again.
    """
    said: list[list[int]] = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for _ in range(longest):
        if not going:
            break
        found = np.argmax(next_scores([[*prompts[row], *said[row]] for row in going]), -1)
        for row, token in zip(going, found, strict=True):
            if token != stop:
                said[row].append(int(token))
        going = [row for row, token in zip(going, found, strict=True) if token != stop]
    return said


def next_scores(model: DecoderLM, causal: bool = True) -> Callable[[list[list[int]]], np.ndarray]:
    """Gives for sequences of ids, of any lengths, logits of what follows each: (sequences, vocabulary).

    A sequence that fills all of the model's positions is followed by END.
    """

    @no_grad()
    def scores(sequences: list[list[int]]) -> np.ndarray:
        found = np.full((len(sequences), model.tokens.weight.shape[0]), -np.inf, np.float32)
        found[:, END] = 0
        lengths = np.array([len(each) for each in sequences])
        # Sequences of one length at a time need no padding, which a model without a mask would see.
        for length in np.unique(lengths[lengths <= _positions(model)]):
            rows = np.flatnonzero(lengths == length)
            logits = model(np.array([sequences[row] for row in rows]), causal)
            found[rows] = logits[:, -1].numpy()
        return found

    return scores


def translate(
    model: DecoderLM,
    vocabulary: Vocabulary,
    sentences: Sequence[str],
    causal: bool = True,
    longest: int = LONGEST,
) -> list[str]:
    """English for German sentences: of the most probable token each time, at most `longest`.

    Raises ValueError in one line as `Vocabulary.prompt` does, also for a sentence so long that a translation
    of the same length would not fit the model's positions behind it.
    """
    from threadpoolctl import threadpool_limits

    prompts = [vocabulary.prompt(german, _room(model) // 2) for german in sentences]
    with threadpool_limits(1, "blas"):
        said = decode(next_scores(model, causal), prompts, END, longest)
    return [vocabulary.decode(ids) for ids in said]


def _positions(model: DecoderLM) -> int:
    return model.positions.weight.shape[0]


def _room(model: DecoderLM) -> int:
    """Words and marks that fit, beside the start and the separator."""
    return _positions(model) - 2


class Step(NamedTuple):
    """One token of a translation, and how the model came to it."""

    word: str  # "</s>" at the end
    candidates: list[tuple[str, float]]  # the most probable words, with their probabilities
    seen: list[str]  # the s tokens so far: prompt and translation
    attention: np.ndarray  # (layers, heads, s): where the last of them attended to


@no_grad()
def trace(
    model: DecoderLM,
    vocabulary: Vocabulary,
    german: str,
    causal: bool = True,
    longest: int = LONGEST,
    candidates: int = 5,
) -> list[Step]:
    """The translation of one sentence token by token, with the one that ends it. Raises as `translate`."""
    steps: list[Step] = []

    def next_scores(sequences: list[list[int]]) -> np.ndarray:
        ids = np.array(sequences)
        chances = softmax(model(ids, causal)[:, -1]).numpy()[0]
        best = np.argsort(-chances, kind="stable")[:candidates]
        words = vocabulary.words
        steps.append(
            Step(
                words[best[0]],
                [(words[each], float(chances[each])) for each in best],
                [words[each] for each in sequences[0]],
                np.stack([layer[0, :, -1] for layer in model.attention(ids, causal)]),
            )
        )
        return chances[None]

    from threadpoolctl import threadpool_limits

    prompt = vocabulary.prompt(german, _room(model) // 2)
    with threadpool_limits(1, "blas"):
        decode(next_scores, [prompt], END, min(longest, _positions(model) - len(prompt) + 1))
    return steps
