"""Macros and conditions of the preprocessor, as far as declarations depend on them.

The compiler reads the source itself; this shows which words it will see, each where its macro is used.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing, split, tokens

_MOST_TOKENS = 500_000  # of an expanded source
_OPERATORS = (
    {"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6}
    | {"<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10}
)  # fmt: skip
_WORD = re.compile(r"(\w+)|(\|\||&&|[=!<>]=|<<|>>|[-+*/%<>&|^!~()])")


@dataclass(frozen=True)
class Macro:
    """What a name stands for; `parameters` is None where it takes none."""

    body: tuple[Token, ...]
    parameters: tuple[str, ...] | None


@lru_cache(maxsize=64)
def expanded(source: str) -> tuple[Token, ...]:
    """The tokens that the compiler will see, directives among them.

    A word that comes from a macro has the place and the line of the macro's use. Where a condition depends on
    what only NVIDIA's compiler defines, both branches are there. Raises CompileError for macros that expand
    without end.
    """
    macros: dict[str, Macro] = {}
    branches: list[list] = []  # of each open #if: what its condition is now, and whether one was true
    words, out, i = tokens(source), [], 0
    while i < len(words):
        if words[i].kind == "directive":
            _directive(words[i], macros, branches)
            out.append(words[i])
            i += 1
        elif any(state is False for state, _ in branches):
            i += 1
        else:
            i = _expand(words, i, macros, frozenset(), out)
    return tuple(out)


def _directive(word: Token, macros: dict[str, Macro], branches: list[list]) -> None:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", re.sub(r"\\\r?\n", "", word.text), flags=re.S)
    name, rest = re.match(r"\s*#\s*(\w*)(.*)", text, re.S).groups()
    if name in ("if", "ifdef", "ifndef"):
        value = _condition(rest, macros) if name == "if" else _defined(rest.strip(), macros)
        if name == "ifndef" and value is not None:
            value = not value
        branches.append([value, value is True])
    elif name in ("elif", "else") and branches:
        value = False if branches[-1][1] else _condition(rest, macros) if name == "elif" else None
        if name == "else" and not branches[-1][1] and branches[-1][0] is False:
            value = True
        branches[-1] = [value, branches[-1][1] or value is True]
    elif name == "endif" and branches:
        branches.pop()
    elif not any(state is False for state, _ in branches):
        if name == "define" and (found := re.match(r"\s*([A-Za-z_]\w*)(\([^)]*\))?(.*)", rest, re.S)):
            parameters = found[2] and tuple(p.strip() for p in found[2][1:-1].split(",") if p.strip())
            macros[found[1]] = Macro(tokens(found[3]), parameters)
        elif name == "undef":
            macros.pop(rest.strip(), None)


def _expand(words, i: int, macros: dict[str, Macro], hidden: frozenset[str], out: list[Token]) -> int:
    """Appends to `out` what the word at `i` stands for, and returns where to go on."""
    word = words[i]
    macro = macros.get(word.text) if word.kind == "name" and word.text not in hidden else None
    call = macro is not None and macro.parameters is not None
    if macro is None or (call and (i + 1 >= len(words) or words[i + 1].text != "(")):
        out.append(word)
        return i + 1
    end = closing(words, i + 1) if call else i
    body = macro.body
    if call:
        given = split(tuple(w for w in words[i + 2 : end] if w.kind != "directive"))
        body = _with_arguments(macro, given, macros, hidden)
    body = _pasted(body)
    start, last, line = word.start, words[end].end, word.line
    placed = tuple([Token(w.kind, w.text, start, last, line) for w in body])
    k = 0
    while k < len(placed):
        k = _expand(placed, k, macros, hidden | {word.text}, out)
        if len(out) > _MOST_TOKENS:
            raise CompileError(f"line {word.line}: the macro {word.text} expands to too much",
                               [(word.line, "this macro expands to too much")])  # fmt: skip
    return end + 1


def _with_arguments(macro: Macro, given: list, macros: dict[str, Macro], hidden) -> tuple[Token, ...]:
    names, values = list(macro.parameters), [*given]
    if names and names[-1].endswith("..."):
        names[-1] = "__VA_ARGS__" if names[-1] == "..." else names[-1][:-3].strip()
        rest = values[len(names) - 1 :]
        comma = Token("mark", ",", 0, 0, 0)
        joined = [w for k, part in enumerate(rest) for w in ((comma, *part) if k else part)]
        values = [*values[: len(names) - 1], tuple(joined)]
    values += [()] * (len(names) - len(values))
    known, body = dict(zip(names, values, strict=False)), []
    for k, word in enumerate(macro.body):
        around = [w.text for w in macro.body[max(0, k - 1) : k + 2]]
        if word.kind != "name" or word.text not in known:
            body.append(word)
        elif k and macro.body[k - 1].text == "#":
            body[-1] = replace(word, kind="string", text='""')
        elif "##" in around:
            body += known[word.text]
        else:
            full: list[Token] = []
            m = 0
            while m < len(known[word.text]):
                m = _expand(known[word.text], m, macros, hidden, full)
            body += full
    return tuple(body)


def _pasted(body: tuple[Token, ...]) -> tuple[Token, ...]:
    out: list[Token] = []
    k = 0
    while k < len(body):
        if body[k].text == "##" and out and k + 1 < len(body):
            out[-1] = replace(out[-1], text=out[-1].text + body[k + 1].text)
            k += 1
        else:
            out.append(body[k])
        k += 1
    return tuple(out)


def _defined(name: str, macros: dict[str, Macro]) -> bool | None:
    return True if name in macros else None if name.startswith("__CUDA") else False


def _condition(text: str, macros: dict[str, Macro]) -> bool | None:
    """Whether the condition holds; None where it cannot be told without NVIDIA's compiler."""
    unknown = False

    def told(found: re.Match) -> str:
        nonlocal unknown
        value = _defined(found[1] or found[2], macros)
        unknown |= value is None
        return str(int(bool(value)))

    text = re.sub(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))", told, text)
    words: list[Token] = []
    plain = tokens(text)
    i = 0
    while i < len(plain):
        i = _expand(plain, i, macros, frozenset(), words)
    text = " ".join(word.text for word in words)
    if unknown or "__CUDA" in text:
        return None
    text = re.sub(r"([|&=<>!]) (?=[|&=<>])", r"\1", text)
    parts = [found.group() for found in _WORD.finditer(text)]
    try:
        value = _value(parts, 0)
        return bool(value) if not parts else None
    except (ValueError, IndexError, ZeroDivisionError, RecursionError):
        return None


def _value(parts: list[str], least: int) -> int:
    """The value of the expression at the front of `parts`, which is taken off; operators from `least` on."""
    part = parts.pop(0)
    if part == "(":
        left = _value(parts, 0)
        parts.pop(0)
    elif part in "!~-+":
        operand = _value(parts, 11)
        left = {"!": int(not operand), "~": ~operand, "-": -operand, "+": operand}[part]
    elif part[0].isdigit():
        digits = part.rstrip("uUlL").replace("'", "")
        left = int(digits, 8 if re.fullmatch("0[0-7]+", digits) else 0)
    else:
        left = int(part == "true")
    while parts and _OPERATORS.get(parts[0], 0) > least:
        operator = parts.pop(0)
        left = _operate(operator, left, _value(parts, _OPERATORS[operator]))
    return left


def _operate(operator: str, a: int, b: int) -> int:
    if operator in ("/", "%"):
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if operator == "/" else a - b * quotient
    if operator in ("<<", ">>"):
        return (a << (b & 63) if operator == "<<" else a >> (b & 63)) & (2**64 - 1)
    logic = {"||": bool(a or b), "&&": bool(a and b), "==": a == b, "!=": a != b}
    order = {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}
    return int(
        ({"|": a | b, "^": a ^ b, "&": a & b, "+": a + b, "-": a - b, "*": a * b} | logic | order)[operator]
    )
