"""Translators without a network: a dictionary, word by word, and the nearest sentence that is known."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from course_lib.gpt.corpus import Pair, sentence, tokens

Translator = Callable[[str], str]  # from a German sentence to an English one
ROUNDS = 40  # of expectation and maximization
CERTAIN = 2 / 3  # how often a German word must stand for an English one


def word_by_word(pairs: Sequence[Pair]) -> Translator:
    """Each German word becomes what it stands for, where it stands; a word that is not known stays.

    Raises ValueError for no pairs.
    """
    entries = dictionary(pairs)

    def translate(german: str) -> str:
        return sentence(word for each in tokens(german) for word in entries.get(each, (each,)))

    return translate


def dictionary(pairs: Sequence[Pair]) -> dict[str, tuple[str, ...]]:
    """For each German word the English ones that it stands for, in the order that they have on average.

    Which word comes from which is learned from the pairs alone, by model 1 of Brown et al. 1993, "The
    mathematics of statistical machine translation". An entry has each English word that comes from the German
    one in at least two of three cases: "looks for" for "sucht", nothing for "auf". Raises ValueError for no
    pairs.
    """
    split = _split(pairs)
    source = _numbers(german for german, _ in split)
    target = _numbers(english for _, english in split)
    # A link joins a German word and an English one (a cell of the table), which has a place in its sentence.
    cells, english_words, places, count = [], [], [], 0
    for german, english in split:
        for place, word in enumerate(english):
            cells += [source[each] * len(target) + target[word] for each in german]
            english_words += [count] * len(german)
            places += [place] * len(german)
            count += 1
    cells, english_words, places = np.array(cells), np.array(english_words), np.array(places)
    shape = len(source), len(target)
    chance = np.ones(shape)  # of an English word to come from a German one
    for _ in range(ROUNDS):
        links = chance.ravel()[cells]
        links /= np.bincount(english_words, links)[english_words]  # each English word comes from one
        expected = np.bincount(cells, links, chance.size).reshape(shape)
        chance = expected / expected.sum(1, keepdims=True)
    uses = Counter(word for german, _ in split for word in german)
    often = expected / np.array([uses[word] for word in source])[:, None]
    place = np.bincount(cells, links * places, chance.size).reshape(shape) / np.maximum(expected, 1e-12)
    words = list(target)
    return {
        word: tuple(words[i] for i in np.argsort(place[row]) if often[row, i] >= CERTAIN)
        for word, row in source.items()
    }


def nearest(pairs: Sequence[Pair]) -> Translator:
    """The translation of the sentence in `pairs` with the most words in common; of several, of the shortest.

    A word counts as often as it stands in both. Of sentences as short, the first. Raises ValueError for no
    pairs.
    """
    split = _split(pairs)
    known = _numbers(german for german, _ in split)
    lengths = np.array([len(german) for german, _ in split])
    counts = np.stack([_counts(german, known) for german, _ in split])  # (pairs, words)

    def translate(german: str) -> str:
        common = np.minimum(counts, _counts(tokens(german), known)).sum(1)
        return pairs[np.lexsort((lengths, -common))[0]][1]

    return translate


def _split(pairs: Sequence[Pair]) -> list[tuple[list[str], list[str]]]:
    if not pairs:
        raise ValueError("a translator learns from at least one pair of sentences")
    return [(tokens(german), tokens(english)) for german, english in pairs]


def _numbers(sentences: Iterable[list[str]]) -> dict[str, int]:
    words = dict.fromkeys(word for each in sentences for word in each)
    return {word: number for number, word in enumerate(words)}


def _counts(words: list[str], known: dict[str, int]) -> np.ndarray:
    return np.bincount([known[word] for word in words if word in known], minlength=len(known))
