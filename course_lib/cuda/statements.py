"""What stands around a barrier in a kernel's source: read from its words, for hints in messages.

The compiler knows better; this is for a person who looks for the line.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing
from course_lib.cuda.macros import expanded
from course_lib.cuda.scopes import declarations

LOOPS = ("for", "while", "do")
_BRANCHES = ("if", "else", "switch")
_LEAVE = ("return", "break", "continue")
_BARRIERS = ("__syncthreads", "__syncthreads_count", "__syncthreads_and", "__syncthreads_or")
_MOST_TOKENS = 20_000  # of a source that is looked through


@dataclass(frozen=True)
class Statement:
    """A branch or a loop that others stand in: its word, its lines, what its brackets hold, and its body."""

    word: str
    first: int
    last: int
    head: tuple[Token, ...]
    body: tuple[Token, ...]

    @property
    def is_loop(self) -> bool:
        """Whether it is for, while or do."""
        return self.word in LOOPS

    def holds(self, line: int) -> bool:
        """Whether the line is one of its own."""
        return self.first <= line <= self.last


@dataclass(frozen=True)
class Point:
    """A barrier, or a word that leaves: its text, its line, and the statements around it, outermost first."""

    text: str
    line: int
    around: tuple[Statement, ...]

    @property
    def is_barrier(self) -> bool:
        """Whether threads wait here for the whole block."""
        return self.text in _BARRIERS


@dataclass
class Function:
    """The branches, loops, barriers and leaving words of one function, in the order of the source.

    `first` and `last` are the lines of its braces.
    """

    first: int
    last: int
    statements: list[Statement] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    @property
    def barriers(self) -> list[Point]:
        """The barriers alone."""
        return [point for point in self.points if point.is_barrier]


@lru_cache(maxsize=16)
def functions(source: str) -> tuple[Function, ...]:
    """The functions of a source that compiles; none of one that is very long or nested very deeply."""
    try:
        words = expanded(source)
        if len(words) > _MOST_TOKENS:
            return ()
        found = []
        for declaration in declarations(words):
            if declaration.kind == "function" and declaration.body is not None:
                body = declaration.body
                end = closing(words, body)
                found.append(Function(words[body].line, words[end].line))
                _walk(words, body + 1, end, (), found[-1])
        return tuple(found)
    except (CompileError, LookupError, RecursionError):  # it compiles, and is still beyond this reader
        return ()


def _walk(words, i: int, end: int, around: tuple[Statement, ...], found: Function) -> None:
    while i < end:
        stop, text = _behind(words, i, end), words[i].text
        if text == "{":
            _walk(words, i + 1, stop - 1, around, found)
        elif text in (*LOOPS, *_BRANCHES):
            head, head_end, first, last = _parts(words, i, stop, end)
            end_line = words[(stop if text == "do" else last) - 1].line
            condition, body = tuple(words[head:head_end]), tuple(words[first:last])
            this = Statement(text, words[i].line, end_line, condition, body)
            found.statements.append(this)
            _note(condition, (*around, this) if this.is_loop else around, found)
            _walk(words, first, last, (*around, this), found)
            if text == "if" and last < stop:
                _walk(words, last, stop, around, found)
        else:
            _note(words[i:stop], around, found)
        i = stop


def _note(words, around: tuple[Statement, ...], found: Function) -> None:
    for word in words:
        if word.text in _BARRIERS or word.text in _LEAVE:
            found.points.append(Point(word.text, word.line, around))


def _parts(words, i: int, stop: int, end: int) -> tuple[int, int, int, int]:
    """Of the statement at `i`: where its brackets' content begins and ends, and where its own body does."""
    text = words[i].text
    if text == "else":
        return i, i, i + 1, stop
    if text == "do":  # ... while ( condition ) ;
        last = _behind(words, i + 1, end)
        return last + 2, stop - 2, i + 1, last
    opening = i + 1 + (words[i + 1].text == "constexpr")
    first = closing(words, opening) + 1
    return opening + 1, first - 1, first, _behind(words, first, end)


def _behind(words, i: int, end: int) -> int:
    """Index just behind the statement that begins at `i`."""
    text = words[i].text
    if words[i].kind == "directive":
        return i + 1
    if text == "{":
        return closing(words, i) + 1
    if text in ("case", "default"):
        while words[i].text != ":":
            i += 1
        return i + 1
    if text == "else":
        return _behind(words, i + 1, end)
    if text == "do":
        i = _behind(words, i + 1, end)
    elif text in ("if", "for", "while", "switch"):
        opening = i + 1 + (words[i + 1].text == "constexpr")
        i = _behind(words, closing(words, opening) + 1, end)
        is_chain = text == "if" and i < end and words[i].text == "else"
        return _behind(words, i, end) if is_chain else i
    while i < end and words[i].text != ";":
        i = closing(words, i) + 1 if words[i].text in ("(", "[", "{") else i + 1
    return min(i + 1, end)
