"""The German and the English are right: constructions against pairs written by hand, and each rule."""

import re

import pytest

from course_lib import seeds
from course_lib.gpt.corpus import draw
from course_lib.gpt.grammar import Clause, Phrase, Report, sentences
from course_lib.gpt.lexicon import ANIMALS, KNOWS, LAUGHS, NOUNS, PERSONS, SLEEPS, VERBS

VERB = {verb.particle + verb.infinitive: verb for verb in VERBS}
COUNT = 3000


def the(noun: str, plural: bool = False) -> Phrase:
    return Phrase(NOUNS[noun], True, plural)


def a(noun: str, plural: bool = False) -> Phrase:
    return Phrase(NOUNS[noun], False, plural)


def clause(subject, verb, thing, *receiver, **more) -> Clause:
    return Clause(subject, VERB[verb], thing, *receiver, **more)


MAN_BOOK = the("Mann"), "lesen", the("Buch")
PAIRS = [
    (clause(*MAN_BOOK), "Der Mann liest das Buch.", "The man reads the book."),
    (clause(the("Mann"), "sehen", the("Hund"), first="object"), "Den Hund sieht der Mann.",
     "The man sees the dog."),
    (clause(the("Frau"), "kaufen", a("Apfel")), "Die Frau kauft einen Apfel.", "The woman buys an apple."),
    (clause(a("Onkel"), "essen", a("Ei")), "Ein Onkel isst ein Ei.", "An uncle eats an egg."),
    (clause(the("Kind"), "aufmachen", the("Fenster")), "Das Kind macht das Fenster auf.",
     "The child opens the window."),
    (clause(the("Kind"), "zumachen", the("Haustür"), form="past"), "Das Kind hat die Haustür zugemacht.",
     "The child closed the front door."),
    (clause(the("Frau", True), "anrufen", the("Ärztin"), form="want"),
     "Die Frauen wollen die Ärztin anrufen.", "The women want to call the doctor."),
    (clause(*MAN_BOOK, negated=True), "Der Mann liest das Buch nicht.", "The man does not read the book."),
    (clause(the("Mann", True), "lesen", a("Buch"), negated=True), "Die Männer lesen kein Buch.",
     "The men do not read a book."),
    (clause(the("Mann"), "lesen", a("Buch", True), negated=True, form="past"),
     "Der Mann hat keine Bücher gelesen.", "The man did not read books."),
    (clause(*MAN_BOOK, negated=True, form="can"), "Der Mann kann das Buch nicht lesen.",
     "The man cannot read the book."),
    (clause(*MAN_BOOK, negated=True, form="must"), "Der Mann muss das Buch nicht lesen.",
     "The man does not have to read the book."),
    (clause(the("Mann"), "kaufen", a("Koffer"), negated=True, form="want"),
     "Der Mann will keinen Koffer kaufen.", "The man does not want to buy a suitcase."),
    (clause(*MAN_BOOK, adverb="heute", first="adverb"), "Heute liest der Mann das Buch.",
     "Today the man reads the book."),
    (clause(*MAN_BOOK, adverb="gestern", form="past"), "Der Mann hat gestern das Buch gelesen.",
     "The man read the book yesterday."),
    (clause(the("Mann"), "geben", the("Apfel"), the("Kind")), "Der Mann gibt dem Kind den Apfel.",
     "The man gives the child the apple."),
    (clause(the("Mann"), "zeigen", a("Brief"), a("Frau"), first="receiver"),
     "Einer Frau zeigt der Mann einen Brief.", "The man shows a woman a letter."),
    (clause(the("Freund"), "einladen", the("Lehrer"), first="object", form="must"),
     "Den Lehrer muss der Freund einladen.", "The friend must invite the teacher."),
    (clause(the("Frau"), "suchen", a("Buch", True), first="object"), "Bücher sucht die Frau.",
     "The woman looks for books."),
    (Report(the("Kind"), LAUGHS, "weil", clause(the("Mann"), "aufmachen", the("Koffer"))),
     "Das Kind lacht, weil der Mann den Koffer aufmacht.",
     "The child laughs because the man opens the suitcase."),
    (Report(the("Lehrer", True), KNOWS, "dass", clause(*MAN_BOOK, form="past", negated=True)),
     "Die Lehrer wissen, dass der Mann das Buch nicht gelesen hat.",
     "The teachers know that the man did not read the book."),
    (Report(the("Katze"), SLEEPS, "weil", clause(the("Frau"), "mitbringen", the("Kuchen"), form="can")),
     "Die Katze schläft, weil die Frau den Kuchen mitbringen kann.",
     "The cat sleeps because the woman can bring the cake."),
    (Report(a("Freund"), LAUGHS, "weil",
            Report(the("Onkel"), KNOWS, "dass", clause(the("Kind"), "malen", the("Tisch")))),
     "Ein Freund lacht, weil der Onkel weiß, dass das Kind den Tisch malt.",
     "A friend laughs because the uncle knows that the child paints the table."),
]  # fmt: skip


@pytest.mark.parametrize(("meaning", "german", "english"), PAIRS, ids=[german for _, german, _ in PAIRS])
def test_each_construction_is_said_as_a_person_says_it(meaning, german, english):
    assert sentences(meaning) == (german, english)


@pytest.fixture(scope="module")
def drawn():
    random = seeds.stream("tests", "grammar")
    return [draw(random) for _ in range(COUNT)]


def inner(meaning) -> Clause:
    return meaning.clause if isinstance(meaning, Report) else meaning


def test_no_german_sentence_has_two_translations(drawn):
    found = {}
    for german, english in map(sentences, drawn):
        assert found.setdefault(german, english) == english
    assert len(found) > 0.9 * COUNT


FINITE = {verb.singular: False for verb in (*VERBS, LAUGHS, SLEEPS, KNOWS)}
FINITE |= {verb.infinitive: True for verb in (*VERBS, LAUGHS, SLEEPS, KNOWS)}
FINITE |= {"hat": False, "will": False, "kann": False, "muss": False}
FINITE |= {"haben": True, "wollen": True, "können": True, "müssen": True}
PLACE = re.compile(r"heute|gestern|(?:(?:k?ein|d)\w* )?[A-ZÄÖÜ]\w+")  # what may stand before the verb


def test_the_finite_verb_is_second_in_a_main_clause_and_agrees_with_its_subject(drawn):
    for meaning in drawn:
        main = meaning.german().split(",")[0]
        first = PLACE.match(main)
        verb = main[first.end() :].split()[0]
        assert FINITE[verb] == meaning.subject.plural, main


def test_the_finite_verb_is_last_in_a_subordinate_clause(drawn):
    reports = [meaning for meaning in drawn if isinstance(meaning, Report)]
    assert len(reports) > 0.15 * COUNT
    for report in reports:
        *_, last = report.german().split()
        particles = [verb.particle for verb in VERBS if verb.particle]
        bare = next((last.removeprefix(p) for p in particles if last.removeprefix(p) in FINITE), last)
        assert FINITE[bare] == report.clause.subject.plural, report.german()


ARTICLES = {  # by hand, apart from the tables of the lexicon
    "subject": {"m": ("der", "ein"), "f": ("die", "eine"), "n": ("das", "ein")},
    "object": {"m": ("den", "einen", "keinen"), "f": ("die", "eine", "keine"), "n": ("das", "ein", "kein")},
    "receiver": {"m": ("dem", "einem"), "f": ("der", "einer"), "n": ("dem", "einem")},
}


def test_articles_have_the_case_and_the_gender_of_their_place(drawn):
    for meaning in drawn:
        clause = inner(meaning)
        text = f" {clause.german()} "
        for place in ("subject", "object", "receiver"):
            phrase = getattr(clause, place)
            if phrase and not phrase.plural:
                before = re.findall(rf" (\w+) {phrase.noun.german}\b", text)
                assert before, text
                assert set(before) <= set(ARTICLES[place][phrase.noun.gender]), text


def test_an_object_stands_first_only_where_it_cannot_be_taken_for_the_subject(drawn):
    firsts = [inner(meaning) for meaning in drawn if inner(meaning).first == "object"]
    assert len(firsts) > 0.1 * COUNT
    for clause in firsts:
        masculine = [p.noun.gender == "m" and not p.plural for p in (clause.subject, clause.object)]
        assert any(masculine) or clause.subject.plural != clause.object.plural, clause.german()


def test_nobody_does_what_makes_no_sense(drawn):
    animals = {noun.german for noun in ANIMALS}
    for meaning in drawn:
        clause = inner(meaning)
        assert clause.object.noun.german in clause.verb.objects
        assert clause.verb.animals or clause.subject.noun.german not in animals
        assert (clause.receiver is not None) == clause.verb.gives
        parts = [clause.subject, clause.object, *filter(None, [clause.receiver])]
        parts += [meaning.subject] if isinstance(meaning, Report) else []
        names = [part.noun.german for part in parts]
        assert len(names) == len(set(names)), meaning.german()
        assert clause.receiver is None or clause.receiver.noun in PERSONS
        assert (clause.adverb != "gestern") or clause.form == "past"


def test_english_has_an_before_a_vowel_and_no_double_negation(drawn):
    for meaning in drawn:
        english = meaning.english
        assert not re.search(r"\ba [aeiou]", english), english
        assert not re.search(r"\ban [^aeiou]", english), english
        assert english.count(" not") <= 1, english
