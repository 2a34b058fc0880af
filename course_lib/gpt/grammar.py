"""Sentences as meanings, and how German and English say them.

German puts the finite verb second in a main clause and last in a subordinate one, whatever stands first, and
closes the clause with the other part of the verb. Who does what is told by case. English tells it by order.
"""

from dataclasses import dataclass
from typing import Literal

from course_lib.gpt.lexicon import ADVERBS, DEFINITE, INDEFINITE, MODALS, Noun, Verb

Form = Literal["present", "past", "want", "can", "must"]


@dataclass(frozen=True)
class Phrase:
    """A noun with its article; a plural without "the" has none."""

    noun: Noun
    definite: bool = True
    plural: bool = False

    def german(self, case: str, negated: bool = False) -> str:
        """The phrase in "nominative", "accusative" or "dative"; negated: with a form of "kein"."""
        gender = "p" if self.plural else self.noun.gender
        word = self.noun.plural if self.plural else self.noun.german
        if self.definite:
            return f"{DEFINITE[case][gender]} {word}"
        if negated:
            return f"{'keine' if self.plural else 'k' + INDEFINITE[case][gender]} {word}"
        return word if self.plural else f"{INDEFINITE[case][gender]} {word}"

    @property
    def english(self) -> str:
        word = self.noun.english_plural if self.plural else self.noun.english
        if self.definite:
            return f"the {word}"
        if self.plural:
            return word
        return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"

    @property
    def case_shows(self) -> bool:
        """Whether nominative and accusative differ: only of the masculine singular."""
        return self.noun.gender == "m" and not self.plural


@dataclass(frozen=True)
class Clause:
    """Who does what to whom. `first` is what stands first in German: subject, object, receiver or adverb."""

    subject: Phrase
    verb: Verb
    object: Phrase
    receiver: Phrase | None = None
    form: Form = "present"
    negated: bool = False
    adverb: str = ""
    first: Literal["subject", "object", "receiver", "adverb"] = "subject"

    @property
    def pair(self) -> tuple[str, str]:
        """The verb and the noun that is its object."""
        return self.verb.particle + self.verb.infinitive, self.object.noun.german

    @property
    def is_clear(self) -> bool:
        """Whether an object that stands first can be told from the subject: by case or by number."""
        cases = self.subject.case_shows or self.object.case_shows
        return cases or self.subject.plural != self.object.plural

    def _parts(self) -> dict[str, str]:
        """What may stand first, in the order of what does not."""
        return {
            "subject": self.subject.german("nominative"),
            "adverb": self.adverb,
            "receiver": self.receiver.german("dative") if self.receiver else "",
            "object": self.object.german("accusative", self.negated),
        }

    def _verbs(self) -> tuple[str, str]:
        """The finite verb, and what closes the clause; a separable verb's particle stands in neither."""
        many, verb = self.subject.plural, self.verb
        if self.form == "present":
            return verb.infinitive if many else verb.singular, ""
        if self.form == "past":
            return "haben" if many else "hat", verb.participle
        return MODALS[self.form][many], verb.particle + verb.infinitive

    def german(self, last: bool = False) -> str:
        """As a main clause, or with the verb `last` as in a subordinate one; no capital, no full stop."""
        finite, closing = self._verbs()
        parts = self._parts()
        negation = "nicht" if self.negated and self.object.definite else ""
        if last:
            joined = f"{self.verb.particle}{finite}" if self.form == "present" else f"{closing} {finite}"
            return _joined(*parts.values(), negation, joined)
        if self.form == "present":
            closing = self.verb.particle
        first = parts.pop(self.first)
        return _joined(first, finite, *parts.values(), negation, closing)

    @property
    def english(self) -> str:
        """The one translation: subject first, an adverb first or last as in German."""
        receiver = self.receiver.english if self.receiver else ""
        adverb = ADVERBS.get(self.adverb, "")
        before, after = (adverb, "") if self.first == "adverb" else ("", adverb)
        return _joined(
            before, self.subject.english, self._english_verbs(), receiver, self.object.english, after
        )

    def _english_verbs(self) -> str:
        many, base = self.subject.plural, self.verb.base
        does = "do" if many else "does"
        if self.negated:
            return {
                "present": f"{does} not {base}",
                "past": f"did not {base}",
                "want": f"{does} not want to {base}",
                "can": f"cannot {base}",
                "must": f"{does} not have to {base}",
            }[self.form]
        return {
            "present": base if many else self.verb.third,
            "past": self.verb.past,
            "want": f"{'want' if many else 'wants'} to {base}",
            "can": f"can {base}",
            "must": f"must {base}",
        }[self.form]


@dataclass(frozen=True)
class Report:
    """A sentence around another: "Das Kind lacht, weil ..." or "Der Lehrer weiß, dass ..."."""

    subject: Phrase
    verb: Verb
    conjunction: Literal["weil", "dass"]
    clause: "Clause | Report"

    def german(self, last: bool = False) -> str:
        """As `Clause.german`."""
        inner = f", {self.conjunction} {self.clause.german(last=True)}"
        verb = self.verb.infinitive if self.subject.plural else self.verb.singular
        return f"{self.subject.german('nominative')} {verb}{inner}"

    @property
    def english(self) -> str:
        verb = self.verb.base if self.subject.plural else self.verb.third
        word = {"weil": "because", "dass": "that"}[self.conjunction]
        return f"{self.subject.english} {verb} {word} {self.clause.english}"


def sentences(meaning: Clause | Report) -> tuple[str, str]:
    """The German sentence and its English one, with a capital and a full stop."""
    return _sentence(meaning.german()), _sentence(meaning.english)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
