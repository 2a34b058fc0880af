"""Generated film reviews in plain English: an adjective says what the writer thinks, a negation turns it.

Every label is right by construction, and some pairs of an adjective and the word before it are never trained,
so a classifier that knows only which words are good cannot be right about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import seeds

NEGATIVE, POSITIVE = 0, 1
POSITIVE_ADJECTIVES = (
    "gripping", "funny", "moving", "clever", "warm", "fresh", "honest", "lively",
    "tender", "witty", "charming", "convincing", "original", "subtle", "graceful", "vivid",
)  # fmt: skip
NEGATIVE_ADJECTIVES = (
    "dull", "boring", "silly", "clumsy", "cold", "stale", "false", "flat",
    "noisy", "weak", "cheap", "lazy", "messy", "bland", "tired", "shallow",
)  # fmt: skip
ADJECTIVES = POSITIVE_ADJECTIVES + NEGATIVE_ADJECTIVES
NEGATIONS = ("not", "never", "hardly", "barely", "rarely", "scarcely")
AFFIRMATIONS = ("very", "always", "really", "truly", "mostly", "quite")
HELD_OUT_PER_ADJECTIVE = 3  # of the six words of one kind

_SUBJECTS = (
    "plot", "story", "acting", "music", "ending", "dialogue", "humor", "opening",
    "camera work", "second half", "main character", "sound",
)  # fmt: skip
_WITH = ("my sister", "two friends", "a colleague", "my parents", "our neighbors", "nobody else")
_WHEN = ("on Friday", "last week", "in the afternoon", "on a train", "after work", "during the holidays")
_FACTS = (
    "it runs for {} hours", "there were {} people in our row", "the tickets cost {} euros",
    "it was made {} years ago", "the book has {} chapters", "we had row {}",
)  # fmt: skip
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Sentences:
    """Texts (n of them) and labels int64 (n,): 1 where the writer liked it, 0 where not."""

    texts: tuple[str, ...]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, part: slice) -> "Sentences":
        return Sentences(self.texts[part], self.labels[part])


@dataclass(frozen=True)
class Reviews:
    """train and fresh use the same pairs of an adjective and the word before it; held_out uses the others.

    In same_words, sentences 2i and 2i + 1 have the same words in another order, and opposite labels.
    """

    train: Sentences
    fresh: Sentences
    held_out: Sentences
    same_words: Sentences


def label(adjective: str, before: str) -> int:
    """What "the plot is BEFORE ADJECTIVE" says: 1 for praise, 0 for blame; `before` may be empty.

    Raises ValueError for words that no review uses.
    """
    if adjective not in ADJECTIVES:
        raise ValueError(f"{adjective!r} is not an adjective of the reviews")
    if before not in ("", *NEGATIONS, *AFFIRMATIONS):
        raise ValueError(f"{before!r} is neither a negation nor an affirmation of the reviews")
    return int((adjective in POSITIVE_ADJECTIVES) != (before in NEGATIONS))


def pairs(seed: int = 0) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(before, adjective) to train on, and those held out: three of each adjective's thirteen.

    With "" before it, which is always trained, the adjective follows "is". Half the adjectives of each class
    are trained with fewer negations, the other half with fewer affirmations, so both lists hold as much
    praise as blame, and every word is trained in ten pairs or more.
    """
    random = seeds.stream("sentiment", "pairs", seed=seed)
    held_out = []
    for adjectives in (POSITIVE_ADJECTIVES, NEGATIVE_ADJECTIVES):
        for place, index in enumerate(random.permutation(len(adjectives))):
            words = NEGATIONS if place % 2 else AFFIRMATIONS
            for word in random.choice(words, HELD_OUT_PER_ADJECTIVE, replace=False):
                held_out.append((str(word), adjectives[index]))
    every = [(before, adjective) for adjective in ADJECTIVES for before in ("", *NEGATIONS, *AFFIRMATIONS)]
    return sorted(set(every) - set(held_out)), sorted(held_out)


def reviews(train: int = 4000, test: int = 500, seed: int = 0) -> Reviews:
    """Reviews of 4 to about 40 words, drawn from `seed`: `train` to learn from, `test` in each other part.

    Each part has as many positive as negative sentences (one more positive where the number is odd).
    Raises ValueError for fewer than 2 sentences.
    """
    if min(train, test) < 2:
        raise ValueError(f"train and test need at least 2 sentences each, not {train} and {test}")
    trained, held_out = pairs(seed)
    return Reviews(
        _drawn(trained, train, seeds.stream("sentiment", "train", seed=seed)),
        _drawn(trained, test, seeds.stream("sentiment", "fresh", seed=seed)),
        _drawn(held_out, test, seeds.stream("sentiment", "held out", seed=seed)),
        _same_words(test // 2, seeds.stream("sentiment", "same words", seed=seed)),
    )


def _drawn(allowed: Sequence[tuple[str, str]], count: int, random: np.random.Generator) -> Sentences:
    by_label = [[pair for pair in allowed if label(pair[1], pair[0]) == wanted] for wanted in (0, 1)]
    labels = random.permutation((np.arange(count) + 1) % 2)
    texts = []
    for wanted in labels:
        before, adjective = by_label[wanted][random.integers(len(by_label[wanted]))]
        verdict = " ".join(filter(None, ("the", random.choice(_SUBJECTS), "is", before, adjective)))
        texts.append(_around(verdict, random))
    return Sentences(tuple(texts), labels.astype(np.int64))


def _same_words(count: int, random: np.random.Generator) -> Sentences:
    """Pairs such as "the plot is not dull but funny" and "the plot is not funny but dull"."""
    texts = []
    for _ in range(count):
        good, bad = random.choice(POSITIVE_ADJECTIVES), random.choice(NEGATIVE_ADJECTIVES)
        subject, no = random.choice(_SUBJECTS), random.choice(("not", "never", "hardly"))
        state = random.bit_generator.state
        for first, second in ((bad, good), (good, bad)):
            random.bit_generator.state = state  # the same words around both
            texts.append(_around(f"the {subject} is {no} {first} but {second}", random))
    return Sentences(tuple(texts), np.tile([POSITIVE, NEGATIVE], count).astype(np.int64))


def _around(verdict: str, random: np.random.Generator) -> str:
    """The verdict alone, or among one to three sentences that say nothing of the film's worth."""
    kinds = random.permutation(len(_FACTS) + 1)[: random.integers(4)]  # each at most once in a review
    parts = [_filler(kind, random) for kind in kinds]
    parts.insert(random.integers(len(parts) + 1), verdict)
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts)


def _filler(kind: int, random: np.random.Generator) -> str:
    if kind == len(_FACTS):
        return f"I saw it with {random.choice(_WITH)} {random.choice(_WHEN)}"
    return _FACTS[kind].format(random.choice(_NUMBERS))
