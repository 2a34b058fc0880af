"""German sentences and their translations, drawn from the grammar, and the words and marks in them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from course_lib import seeds
from course_lib.gpt.grammar import Clause, Phrase, Report, sentences
from course_lib.gpt.lexicon import ANIMALS, KNOWS, LAUGHS, NOUNS, PERSONS, SLEEPS, VERBS, Noun, Verb

Pair = tuple[str, str]  # a German sentence and its English one
PAIRS = tuple((verb, noun) for verb in VERBS for noun in verb.objects)
LARGEST = 100_000  # sentences; the grammar has some millions
HELD_OUT = 25  # pairs of a verb and its object that no training sentence has
FORMS, SHARES = ("present", "past", "want", "can", "must"), (0.4, 0.24, 0.12, 0.12, 0.12)


@dataclass(frozen=True)
class Corpus:
    """Sentences to train on, others of the same combinations, and others with combinations never trained on.

    `held_out` are those combinations: an infinitive and the noun that is its object.
    """

    train: tuple[Pair, ...]
    seen: tuple[Pair, ...]
    unseen: tuple[Pair, ...]
    held_out: frozenset[tuple[str, str]]


def corpus(train: int = 4000, test: int = 200, seed: int = 0) -> Corpus:
    """Different sentences all; every word of `unseen` occurs in `train`.

    Raises ValueError for fewer than one and for more than LARGEST.
    """
    if min(train, test) < 1 or train + test > LARGEST:
        raise ValueError(f"1 to {LARGEST:,} sentences can be drawn, not {train:,} and {test:,}")
    random = seeds.stream("gpt", "corpus", seed=seed)
    held_out = frozenset(_held_out(random))
    found: dict[bool, dict[str, str]] = {False: {}, True: {}}
    wanted = {False: train + test, True: test}
    while any(len(found[is_new]) < wanted[is_new] for is_new in found):
        meaning = draw(random)
        clause = meaning.clause if isinstance(meaning, Report) else meaning
        is_new = clause.pair in held_out
        if len(found[is_new]) < wanted[is_new]:
            german, english = sentences(meaning)
            found[is_new][german] = english
    known, unseen = tuple(found[False].items()), tuple(found[True].items())
    return Corpus(known[:train], known[train:], unseen, held_out)


def _held_out(random: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Combinations of verbs and nouns that occur often enough in others."""
    uses: dict[str, int] = {}
    for verb, noun in PAIRS:
        uses[verb.participle] = uses.get(verb.participle, 0) + 1
        uses[noun] = uses.get(noun, 0) + 1
    count = 0
    for i in random.permutation(len(PAIRS)):
        verb, noun = PAIRS[i]
        if count < HELD_OUT and uses[verb.participle] >= 4 and uses[noun] >= 4:
            uses[verb.participle] -= 1
            uses[noun] -= 1
            count += 1
            yield verb.particle + verb.infinitive, noun


def draw(random: np.random.Generator, nested: bool = False) -> Clause | Report:
    """A sentence by chance; `nested`: with two subordinate clauses, one in the other."""
    if nested:
        inner = _report(random, KNOWS, _clause(random, subordinate=True))
        return _report(random, (LAUGHS, SLEEPS)[random.integers(2)], inner)
    if random.random() < 0.25:
        verb = (LAUGHS, SLEEPS, KNOWS)[random.integers(3)]
        return _report(random, verb, _clause(random, subordinate=True))
    return _clause(random, subordinate=False)


def nested_sentences(count: int, seed: int = 0) -> list[Pair]:
    """Different sentences with two subordinate clauses, one in the other; no corpus has one.

    Raises ValueError for fewer than one and for more than LARGEST.
    """
    if not 1 <= count <= LARGEST:
        raise ValueError(f"1 to {LARGEST:,} sentences can be drawn, not {count:,}")
    random = seeds.stream("gpt", "nested", seed=seed)
    found: dict[str, str] = {}
    while len(found) < count:
        german, english = sentences(draw(random, nested=True))
        found[german] = english
    return list(found.items())


def _report(random, verb: Verb, clause: Clause | Report) -> Report:
    named = {clause.subject.noun}
    if isinstance(clause, Clause):
        named |= {part.noun for part in (clause.object, clause.receiver) if part}
    subject = _subject(random, verb, without=named)
    return Report(subject, verb, "dass" if verb is KNOWS else "weil", clause)


def _clause(random, subordinate: bool) -> Clause:
    while True:
        verb, noun = PAIRS[random.integers(len(PAIRS))]
        thing = _phrase(random, NOUNS[noun])
        subject = _subject(random, verb, without={thing.noun})
        receiver = None
        if verb.gives:
            others = [person for person in PERSONS if person is not subject.noun]
            receiver = Phrase(others[random.integers(len(others))], definite=random.random() < 0.7)
        form = FORMS[random.choice(len(FORMS), p=SHARES)]
        if form == "must" and verb.infinitive == "sehen":  # nobody is told to see
            form = "present"
        negated = random.random() < 0.25
        adverb, first = "", "subject"
        if not subordinate:
            if random.random() < 0.35:
                adverb = "gestern" if form == "past" and random.random() < 0.7 else "heute"
                adverb = "" if form == "must" and negated else adverb
            places = ["subject", "object"] + ["adverb"] * bool(adverb) + ["receiver"] * bool(receiver)
            first = places[random.integers(len(places))]
        clause = Clause(subject, verb, thing, receiver, form, negated, adverb, first)
        if first != "object" or (clause.is_clear and not (negated and not thing.definite)):
            return clause


def _subject(random, verb: Verb, without: set[Noun]) -> Phrase:
    able = [noun for noun in (*PERSONS, *(ANIMALS if verb.animals else ())) if noun not in without]
    noun, plural = able[random.integers(len(able))], random.random() < 0.25
    return Phrase(noun, definite=plural or random.random() < 0.75, plural=plural)


def _phrase(random, noun: Noun) -> Phrase:
    plural = bool(noun.plural) and random.random() < 0.25
    # Without an article nobody could tell one Koffer from several.
    definite = random.random() < 0.6 or (plural and noun.plural == noun.german)
    return Phrase(noun, definite, plural)


def minimal_pairs() -> list[tuple[Pair, Pair]]:
    """Two sentences of the same words in which cases alone tell who does what."""
    able = [noun for noun in PERSONS if noun.gender == "m"]
    found = []
    for verb in VERBS:
        for one in able:
            for other in able:
                if one is not other and {one.german, other.german} <= set(verb.objects):
                    straight = Clause(Phrase(one), verb, Phrase(other))
                    turned = Clause(Phrase(other), verb, Phrase(one), first="object")
                    found.append((sentences(straight), sentences(turned)))
    return found


TOKEN = re.compile(r"[.,]|[^\s.,]+")
NAMES = {noun.german for noun in NOUNS.values()} | {noun.plural for noun in NOUNS.values()}


def tokens(sentence: str) -> list[str]:
    """Words and marks; the first word without its capital, unless it is a German noun."""
    found = TOKEN.findall(sentence)
    if found and found[0] not in NAMES:
        found[0] = found[0][:1].lower() + found[0][1:]
    return found


def sentence(words: Iterable[str]) -> str:
    """Tokens as a sentence, with a capital and without spaces before marks."""
    text = re.sub(r" ([.,])", r"\1", " ".join(words))
    return text[:1].upper() + text[1:]
