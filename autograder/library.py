"""Where the library answers a graded task: functions marked @reference, kernels marked `// answers Q2.6`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.cuda.lexer import closing, opening, tokens
from course_lib.errors import UserError

PARTS = ("course_lib", "kernels")
MARKER = re.compile(r"^// answers (?P<task>[^;\n]+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """The library's version of a graded task, or what is hard in it.

    `first` is the line of its marker, counted from 0, and `last` is the first line after it. Below the marker
    stands `head`, a function's signature and docstring (nothing of a kernel), and then `code`.
    """

    task: str
    name: str
    first: int
    last: int
    head: str
    code: str


def files(root: Path) -> list[Path]:
    """The library's sources in the course or student edition in `root`."""
    paths = (path for part in PARTS for path in (root / part).rglob("*.*"))
    return sorted(path for path in paths if path.suffix in (".py", ".cu"))


def answers(path: Path) -> list[Answer]:
    """The answers in one of the library's files, in order. Raises UserError for one that cannot be sealed."""
    text = path.read_text("utf-8")
    found = _functions(text) if path.suffix == ".py" else _kernels(text)
    return sorted(found, key=lambda answer: answer.first)


def _functions(text: str) -> Iterator[Answer]:
    if "reference(" not in text:
        return
    lines = text.splitlines(keepends=True)
    for name, node in _named(ast.parse(text)):
        for decorator in getattr(node, "decorator_list", []):
            if not (isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "reference"):
                continue
            if not isinstance(node, ast.FunctionDef) or not ast.get_docstring(node) or len(node.body) < 2:
                raise UserError(f"{node.name} is marked @reference: it must have a docstring and a body.")
            if any(isinstance(part, ast.Name) and part.id == "super" for part in ast.walk(node)):
                raise UserError(f"{node.name} is marked @reference: what is sealed cannot use super.")
            body, last = node.body[1].lineno - 1, node.end_lineno
            head, code = "".join(lines[decorator.end_lineno : body]), "".join(lines[body:last])
            yield Answer(decorator.args[0].value, name, decorator.lineno - 1, last, head, code)


def _named(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Functions and classes with their names; those in a class or function behind its name and a dot."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield prefix + node.name, node
            yield from _named(node, f"{prefix}{node.name}.")
        else:
            yield from _named(node, prefix)


def _kernels(text: str) -> Iterator[Answer]:
    for match in MARKER.finditer(text):
        words = tokens(text[match.end() :])
        begin = next(place for place, word in enumerate(words) if word.text == "{")
        name = words[opening(words, begin - 1) - 1].text  # before the parentheses that end before the braces
        code = text[match.end() : match.end() + words[closing(words, begin)].end] + "\n"
        first = text.count("\n", 0, match.start())
        yield Answer(match["task"], name, first, first + 1 + code.count("\n"), "", code)
