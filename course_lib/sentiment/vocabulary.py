"""Sentences as rows of whole numbers: words, their ids, and how many of a row are words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.sentiment.corpus import Sentences

PADDING = 0  # the id behind a sentence's last word; no word has it

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation: "It's late." is ["it's", "late"]."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


@dataclass(frozen=True)
class Examples:
    """Sentences to compute with: ids int64 (n, longest), lengths int64 (n,), labels int64 (n,).

    Row i holds `lengths[i]` ids of words, and PADDING behind them.
    """

    ids: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, chosen: np.ndarray) -> "Examples":
        """The chosen rows, as wide as the longest of them."""
        lengths = self.lengths[chosen]
        longest = max(int(lengths.max(initial=0)), 1)
        return Examples(self.ids[chosen, :longest], lengths, self.labels[chosen])


class Vocabulary:
    """Ids from 1 for words, in alphabetical order; `size` counts them and the padding."""

    def __init__(self, known: Iterable[str]):
        self.words = ("", *sorted(set(known)))
        self._ids = {word: place for place, word in enumerate(self.words) if place != PADDING}

    @classmethod
    def of(cls, texts: Iterable[str], most: int | None = None) -> "Vocabulary":
        """The words of the texts; with `most`, the most frequent ones only (ties in alphabetical order)."""
        counts = Counter(word for text in texts for word in words(text))
        return cls(sorted(counts, key=lambda word: (-counts[word], word))[:most])

    @property
    def size(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def ids(self, text: str) -> list[int]:
        """The ids of a text's words; words that are not known are left out."""
        return [self._ids[word] for word in words(text) if word in self._ids]

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """ids int64 (n, longest), at least one wide, with PADDING at their ends, and lengths int64 (n,)."""
        rows = [self.ids(text) for text in texts]
        lengths = np.array([len(row) for row in rows], np.int64)
        ids = np.full((len(rows), max(int(lengths.max(initial=0)), 1)), PADDING, np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        return ids, lengths

    def examples(self, sentences: Sentences) -> Examples:
        """Sentences with their labels, to train with or to test on."""
        return Examples(*self.encode(sentences.texts), sentences.labels)
