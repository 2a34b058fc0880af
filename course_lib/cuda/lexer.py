"""Just enough of C++'s lexical structure to find kernels, shared arrays and forbidden words."""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""(?P<comment>//(?:[^\\\n]|\\(?:\r\n|.))*|/\*.*?\*(?:\\\r?\n)*/
        # a line that goes on, between two words or marks
        |(?<![\w/*\#:<>%])\\\r?\n|(?<=\w)\\\r?\n(?!\w)|(?<=[/*\#:<>%])\\\r?\n(?![/*\#:<>%]))
      |(?P<directive>^[ \t]*\#(?:[^\\\n]|\\(?:\r\n|.))*)
      |(?P<string>"(?:[^"\\\n]|\\.)*")
      |(?P<char>'(?:[^'\\\n]|\\.)*')
      |(?P<name>[A-Za-z_]\w*)
      |(?P<number>\.?\d(?:[eEpP][+-]|['\w.])*)
      |(?P<mark>::|->|<<<|>>>|\#\#|%:|[^\s])""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the source: its kind, text, offsets and line (from 1)."""

    kind: str
    text: str
    start: int
    end: int
    line: int


@lru_cache(maxsize=64)
def tokens(source: str) -> tuple[Token, ...]:
    """The source's tokens without comments and white space; a preprocessor directive is one token.

    A backslash at the end of a line is a token only inside a word, which then stands in two lines.
    """
    found, line, place = [], 1, 0
    for match in _TOKEN.finditer(source):
        line += source.count("\n", place, match.start())
        place = match.start()
        if match.lastgroup != "comment":
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end(), line))
    return tuple(found)


def closing(words: tuple[Token, ...], opening: int) -> int:
    """Index of the bracket that closes the one at `opening`; the last index where it is never closed."""
    opener, closer, depth = words[opening].text, CLOSING[words[opening].text], 0
    for i in range(opening, len(words)):
        depth += (words[i].text == opener) - (words[i].text == closer)
        if depth == 0:
            return i
    return len(words) - 1


def opening(words: tuple[Token, ...], closer: int) -> int:
    """Index of the bracket that the one at `closer` closes; 0 where it was never opened."""
    depth = 0
    opener = next(key for key, value in CLOSING.items() if value == words[closer].text)
    for i in range(closer, -1, -1):
        depth += (words[i].text == words[closer].text) - (words[i].text == opener)
        if depth == 0:
            return i
    return 0


def split(words: tuple[Token, ...], separator: str = ",") -> list[tuple[Token, ...]]:
    """The words between separators that stand in no bracket; an empty source gives an empty list."""
    parts, start, i = [], 0, 0
    while i < len(words):
        if words[i].text in CLOSING:
            i = closing(words, i)
        elif words[i].text == separator:
            parts.append(words[start:i])
            start = i + 1
        i += 1
    return [*parts, words[start:]] if words else []
