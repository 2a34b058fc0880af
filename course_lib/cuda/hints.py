"""What in a kernel's source explains a message: an `if` around a barrier, a loop's next round or no end."""

from itertools import pairwise

from course_lib.cuda.lexer import Token, split
from course_lib.cuda.statements import Function, Point, Statement, functions

_BUILT_IN = {"threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize", "true", "false"}


def quoted(source: str, *lines: int | None) -> str:
    """The lines of the source with their numbers, each on a line of its own below a message."""
    found, texts = "", source.splitlines()
    for line in dict.fromkeys(filter(None, lines)):
        if 0 < line <= len(texts):
            found += f"\n    {line:>3} | {texts[line - 1].strip()}"
    return found


def around_barrier(source: str, line: int) -> str:
    """Why not all threads may come to the barrier in this line, or not equally often; "" where nothing shows.

    For example: "inside the `if` of line 9".
    """
    for function in functions(source):
        for barrier in function.barriers:
            if barrier.line == line:
                return " and ".join(_reasons(function, barrier))
    return ""


def other_barrier(source: str, line: int) -> str:
    """Where another barrier of the same function stands in a branch; "" where none does."""
    for function in functions(source):
        if line in [barrier.line for barrier in function.barriers]:
            for barrier in function.barriers:
                if barrier.line != line and any(not statement.is_loop for statement in barrier.around):
                    return f"the barrier of line {barrier.line} stands {_reasons(function, barrier)[0]}"
    return ""


def _reasons(function: Function, barrier: Point) -> list[str]:
    """The branch around a barrier, the word that leaves before it, or else the loop that it stands in."""
    branches = [s for s in barrier.around if not s.is_loop]
    loop = next((s for s in reversed(barrier.around) if s.is_loop), None)
    place = function.points.index(barrier)
    leaving = [
        point
        for i, point in enumerate(function.points)
        if not point.is_barrier and (loop in point.around or (i < place and point.text == "return"))
    ]
    reasons = [f"inside the `{s.word}` of line {s.first}" for s in branches[-1:]]
    reasons += [f"behind the `{point.text}` of line {point.line}" for point in leaving[:1]]
    if loop is not None and not leaving and barrier.around[-1] is loop:
        reasons.append(f"inside the loop of line {loop.first}")
    return reasons


def in_loop(source: str, line: int) -> bool:
    """Whether the line is part of a loop."""
    return any(s.is_loop and s.holds(line) for function in functions(source) for s in function.statements)


def is_next_round(source: str, earlier: int, later: int) -> bool:
    """Whether a barrier of their loop parts two lines, `earlier` above `later`: threads that have no order
    between them are then in different rounds of the loop.
    """
    for function in functions(source):
        for barrier in function.barriers:
            if not earlier < barrier.line < later:
                continue
            for statement in reversed(barrier.around):
                holds_both = statement.holds(earlier) and statement.holds(later)
                if statement.is_loop and holds_both:
                    return True
                if not statement.is_loop and not holds_both:
                    break  # a barrier in a branch of its own may be passed by
    return False


def is_next_call(source: str, earlier: int, later: int) -> bool:
    """Whether a barrier that no thread passes by parts two lines of a function, `earlier` above `later`.

    Threads that have no order between them are then in different calls of it.
    """
    for function in functions(source):
        if function.first <= earlier and later <= function.last:
            for barrier in function.barriers:
                around = [s for s in barrier.around if not (s.holds(earlier) and s.holds(later))]
                if earlier < barrier.line < later and not around:
                    return True
    return False


def endless_loop(source: str) -> str:
    """The first loop that nothing in it can end, in a sentence with its line; "" where none shows."""
    for function in functions(source):
        for statement in function.statements:
            if statement.is_loop and (why := _why_endless(statement)):
                said = f"the loop in line {statement.first} never ends once it has begun, because {why}"
                return said + quoted(source, statement.first)
    return ""


def _why_endless(loop: Statement) -> str:
    condition, step = loop.head, ()
    if loop.word == "for":
        parts = split(loop.head, ";")
        if len(parts) != 3:
            return ""
        condition, step = parts[1:]
    texts = [word.text for word in condition]
    # Calls and places in memory may change by themselves.
    may_change = {"(", "[", "*", "->"} & set(texts)
    may_change |= {a for a, b in pairwise(texts) if b == "." and a not in _BUILT_IN}
    if may_change or {"break", "return"} & {word.text for word in loop.body}:
        return ""
    names = dict.fromkeys(_variables(condition))
    if not names:
        return "" if "false" in texts or texts == ["0"] else "its condition is always true"
    if names.keys() & _changed((*condition, *step)) or names.keys() & _changed(loop.body):
        return ""
    return f"nothing in it changes {' or '.join(names)}"


def _variables(words: tuple[Token, ...]) -> list[str]:
    """The names in an expression without those that never change, and without members."""
    return [
        word.text
        for i, word in enumerate(words)
        if word.kind == "name" and word.text not in _BUILT_IN and (i == 0 or words[i - 1].text != ".")
    ]


def _changed(words: tuple[Token, ...]) -> set[str]:
    """The names that are assigned to, counted up or down, or whose address is taken."""
    texts = ["", "", *(word.text for word in words), "", "", ""]
    found = set()
    for i, word in enumerate(words, 2):
        if word.kind != "name":
            continue
        before, behind = texts[i - 2 : i], texts[i + 1 : i + 4]
        counted = before in (["+", "+"], ["-", "-"]) or behind[:2] in (["+", "+"], ["-", "-"])
        assigned = behind[0] == "=" and behind[1] != "="
        combined = behind[0] in tuple("+-*/%&|^") and behind[1] == "="
        shifted = behind in (["<", "<", "="], [">", ">", "="])
        if counted or assigned or combined or shifted or (before[1] == "&" and before[0] != "&"):
            found.add(word.text)
    return found
