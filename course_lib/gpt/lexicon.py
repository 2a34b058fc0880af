"""The words of a small German and their English: nouns with gender and plural, verbs with their forms.

What a verb may take as its object is written beside it, so that no sentence is absurd.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """A noun in both languages. `plural` is "" where the plural is hardly used.

    gender: "m", "f" or "n". kind: what it may do, and what may be done with it.
    """

    german: str
    plural: str
    gender: str
    english: str
    english_plural: str
    kind: str


@dataclass(frozen=True)
class Verb:
    """A verb in both languages, third person.

    singular, infinitive, participle: as in "liest", "lesen", "gelesen"; the plural is the infinitive. Of a
    separable verb ("macht ... auf"), `particle` is the part that goes to the end of a main clause, and
    `singular` and `infinitive` are without it. base, third, past: "read", "reads", "read". objects: the
    German nouns it may take. gives: it takes a receiver, too, in the dative. animals: an animal may do it.
    """

    singular: str
    infinitive: str
    participle: str
    base: str
    third: str
    past: str
    objects: tuple[str, ...] = ()
    particle: str = ""
    gives: bool = False
    animals: bool = False


def _nouns(kind: str, *rows: str) -> list[Noun]:
    return [Noun(*(word.strip() for word in row.split("|")), kind) for row in rows]


PERSONS = _nouns(
    "person",
    "Mann | Männer | m | man | men",
    "Frau | Frauen | f | woman | women",
    "Kind | Kinder | n | child | children",
    "Lehrer | Lehrer | m | teacher | teachers",
    "Ärztin | Ärztinnen | f | doctor | doctors",
    "Onkel | Onkel | m | uncle | uncles",
    "Freund | Freunde | m | friend | friends",
)
ANIMALS = _nouns("animal", "Hund | Hunde | m | dog | dogs", "Katze | Katzen | f | cat | cats")
THINGS = _nouns(
    "thing",
    "Brief | Briefe | m | letter | letters",
    "Zeitung | Zeitungen | f | newspaper | newspapers",
    "Buch | Bücher | n | book | books",
    "Bilderbuch | Bilderbücher | n | picture book | picture books",
    "Apfel | Äpfel | m | apple | apples",
    "Suppe | | f | soup | ",
    "Ei | Eier | n | egg | eggs",
    "Kuchen | Kuchen | m | cake | cakes",
    "Apfelkuchen | Apfelkuchen | m | apple cake | apple cakes",
    "Tisch | Tische | m | table | tables",
    "Fenster | Fenster | n | window | windows",
    "Koffer | Koffer | m | suitcase | suitcases",
    "Haustür | Haustüren | f | front door | front doors",
    "Kaffeetasse | Kaffeetassen | f | coffee cup | coffee cups",
)
NOUNS = {noun.german: noun for noun in (*PERSONS, *ANIMALS, *THINGS)}

_PERSONS = tuple(noun.german for noun in PERSONS)
_ANIMALS = tuple(noun.german for noun in ANIMALS)
_THINGS = tuple(noun.german for noun in THINGS)
_TO_READ = ("Brief", "Zeitung", "Buch", "Bilderbuch")
_TO_EAT = ("Apfel", "Suppe", "Ei", "Kuchen", "Apfelkuchen")
_TO_CARRY = (*_TO_READ, "Apfel", "Ei", "Kuchen", "Apfelkuchen", "Koffer", "Kaffeetasse")

VERBS = (
    Verb("sieht", "sehen", "gesehen", "see", "sees", "saw", _PERSONS + _ANIMALS + _THINGS, animals=True),
    Verb("sucht", "suchen", "gesucht", "look for", "looks for", "looked for",
         (*_PERSONS, *_ANIMALS, *_TO_CARRY), animals=True),
    Verb("malt", "malen", "gemalt", "paint", "paints", "painted",
         (*_PERSONS, *_ANIMALS, "Apfel", "Ei", "Tisch", "Fenster", "Haustür", "Kaffeetasse")),
    Verb("kauft", "kaufen", "gekauft", "buy", "buys", "bought", (*_TO_CARRY, "Suppe", "Tisch")),
    Verb("liest", "lesen", "gelesen", "read", "reads", "read", _TO_READ),
    Verb("isst", "essen", "gegessen", "eat", "eats", "ate", _TO_EAT),
    Verb("macht", "machen", "aufgemacht", "open", "opens", "opened",
         ("Brief", "Fenster", "Haustür", "Koffer"), "auf"),
    Verb("macht", "machen", "zugemacht", "close", "closes", "closed",
         ("Buch", "Fenster", "Haustür", "Koffer"), "zu"),
    Verb("ruft", "rufen", "angerufen", "call", "calls", "called", _PERSONS, "an"),
    Verb("lädt", "laden", "eingeladen", "invite", "invites", "invited", _PERSONS, "ein"),
    Verb("bringt", "bringen", "mitgebracht", "bring", "brings", "brought",
         (*_TO_CARRY, "Suppe", "Freund", "Hund"), "mit"),
    Verb("gibt", "geben", "gegeben", "give", "gives", "gave", (*_TO_CARRY, "Suppe"), gives=True),
    Verb("zeigt", "zeigen", "gezeigt", "show", "shows", "showed",
         (*_TO_CARRY, "Hund", "Katze", "Tisch"), gives=True),
)  # fmt: skip
LAUGHS = Verb("lacht", "lachen", "", "laugh", "laughs", "")
SLEEPS = Verb("schläft", "schlafen", "", "sleep", "sleeps", "", animals=True)
KNOWS = Verb("weiß", "wissen", "", "know", "knows", "")

DEFINITE = {  # article by case, and by gender or "p" for the plural
    "nominative": {"m": "der", "f": "die", "n": "das", "p": "die"},
    "accusative": {"m": "den", "f": "die", "n": "das", "p": "die"},
    "dative": {"m": "dem", "f": "der", "n": "dem"},
}
INDEFINITE = {
    "nominative": {"m": "ein", "f": "eine", "n": "ein"},
    "accusative": {"m": "einen", "f": "eine", "n": "ein"},
    "dative": {"m": "einem", "f": "einer", "n": "einem"},
}
MODALS = {"want": ("will", "wollen"), "can": ("kann", "können"), "must": ("muss", "müssen")}
ADVERBS = {"heute": "today", "gestern": "yesterday"}
