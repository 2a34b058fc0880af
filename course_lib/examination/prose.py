"""What a student wrote in words, wherever in the notebook it stands, and what of it was given out."""

import functools
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST = 20_000  # characters of one cell that a marker is shown
ENOUGH = 5  # words of prose in a cell of code, from which a person reads it
C_WORDS = {
    "auto", "bool", "char", "const", "double", "extern", "float", "half", "inline", "int", "long",
    "namespace", "short", "signed", "sizeof", "static", "struct", "switch", "template", "typedef",
    "typename", "unsigned", "using", "void", "volatile",
}  # fmt: skip
RESERVED = "|".join(sorted({*keyword.kwlist, *C_WORDS}))
WORD = r"(?<![^\W\d_])[^\W\d_]++"  # possessive, and never from its middle: the time is linear
# Two words side by side that no program has there: neither of them is reserved.
SIDE_BY_SIDE = re.compile(rf"(?<!\w)(?!(?:{RESERVED})\b){WORD}[ \t]++(?!(?:{RESERVED})\b){WORD}(?!\w)")
RUN = re.compile(rf"{WORD}(?:(?:[ \t]++|[-'’/]|[,;:.!?)][ \t]++){WORD})+")
# Thai, Lao, Burmese, Khmer, Chinese, Japanese, Korean: two letters count as a word.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
TEXT_MAGICS = re.compile(r"\s*%%(markdown|latex|html)\b")


@dataclass(frozen=True)
class Passage:
    """Text of the student's own in one cell, the `place`-th of the notebook.

    `name` is the cell's grade_id or "", `kind` how the cell is called: Markdown, raw or code. `pictures` are
    attachments of the cell: name -> {MIME type: base 64}.
    """

    place: int
    name: str
    kind: str
    text: str
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"cell {self.place} ({self.kind})"


@dataclass(frozen=True)
class Given:
    """The lines that students were given, by which their own are told apart; nothing where there are none."""

    lines: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Given":
        """The lines of all these cells."""
        return cls(frozenset(line for text in texts for line in map(_squeezed, text.splitlines()) if line))

    @functools.cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(map(_key, self.lines))

    def own_lines(self, source: str) -> list[str]:
        """The lines of a cell that were not given out, blank ones left out."""
        return [
            line for line in source.splitlines() if (short := _squeezed(line)) and short not in self.lines
        ]

    def own_prose(self, source: str, is_code: bool) -> str:
        """The student's own lines of a cell if they hold prose, or "".

        In a text cell any letter or digit is prose. In code, sentences are, in comments, in strings or bare,
        and are returned with the lines around them; a line given out with values filled in is not.
        """
        own = self.own_lines(source)
        if is_code and not TEXT_MAGICS.match(source):
            own = [line for line in own if not (key := _key(line)) or key not in self._words]
            words = [prose_words(line) for line in own]
            own = [line for place, line in enumerate(own) if any(words[max(place - 1, 0) : place + 2])]
            is_prose = sum(words) >= ENOUGH
        else:
            is_prose = any(character.isalnum() for line in own for character in line)
        return "\n".join(own) if is_prose else ""


def passage(cell, place: int, name: str | None, is_code: bool, given: Given) -> Passage | None:
    """What the student wrote in a cell (of nbformat 4, as it was handed in), or None."""
    text = given.own_prose(cell.source, is_code)
    pictures = dict(cell.get("attachments", {}))
    if not text and not pictures:
        return None
    kind = {"markdown": "Markdown"}.get(cell.cell_type, cell.cell_type)
    return Passage(place, name or "", kind, text, pictures)


def count(text: str) -> int:
    """Words of a text, in any script."""
    return len(re.findall(WORD, UNSPACED.sub("", text))) + len(UNSPACED.findall(text)) // 2


def prose_words(line: str) -> int:
    """Words of a line of code that stand in sentences: three or more, two of them side by side."""
    spoken = [run[0] for run in RUN.finditer(line[:LONGEST]) if SIDE_BY_SIDE.search(run[0])]
    words = (len(re.findall(WORD, run)) for run in spoken)
    return sum(number for number in words if number > 2) + len(UNSPACED.findall(line)) // 2


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _key(line: str) -> str:
    """The words of a line of code without the values in it."""
    return " ".join(word for word in re.findall(WORD, line) if word not in ("None", "True", "False"))
