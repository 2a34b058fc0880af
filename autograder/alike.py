"""What code does, statement by statement, whatever its names, comments, layout and order of arguments."""

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder import library
from course_lib.cuda.lexer import Token, closing, tokens
from course_lib.cuda.signature import kernels

ENOUGH = 0.8  # of the library's statements, by length: a line may have been changed
TELLING = 80  # characters of the library's statements; shorter answers are alike by chance
LONGEST = 20_000  # characters; no answer is longer, and some longer texts take too much time
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INSIDE = ("body", "orelse", "finalbody", "handlers", "cases")  # statements that stand in a statement
# A C comment that is never closed goes on to the end; the lexer would look for its end again and again.
C_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
CUDA_FUNCTION = re.compile(r"__\w+|\w+f|min|max|abs")  # any other was written beside the kernel
HEADERS = {"for", "if", "switch", "while"}
# Any other name that is no function's and no member's was chosen by the author.
WORDS = HEADERS | set(
    """auto bool break case char continue default do double else false float float2 float4 goto int int2 int4
    long return short signed size_t sizeof static true unsigned void volatile __shared__ threadIdx blockIdx
    blockDim gridDim warpSize nullptr INFINITY NAN""".split()  # noqa: SIM905
)
OPTIONAL = {"const", "__restrict__", "inline", "__forceinline__"}


def python_statements(source: str) -> Counter[str]:
    """How often each statement stands in `source`, without those inside it; definitions do not count.

    Names that the source binds are numbered from 0 in each. Empty for what Python cannot read.
    """
    if len(source) > LONGEST:
        return Counter()
    try:
        tree = ast.parse(source)
        bound = set(_bound(tree))
        statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        return Counter(
            _numbered(node, bound)
            for node in statements
            if not isinstance(node, DEFINITIONS) and not _is_text(node)
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Counter()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, DEFINITIONS):
            yield node.name


def _numbered(statement: ast.stmt, bound: set[str]) -> str:
    """Its text, once its names are numbered: in place, for no other statement has parts of this one."""
    for name in INSIDE:
        if hasattr(statement, name):
            setattr(statement, name, [])
    numbers: dict[str, str] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in bound:
            node.id = numbers.setdefault(node.id, f"v{len(numbers)}")
        elif isinstance(node, ast.arg):
            node.arg = numbers.setdefault(node.arg, f"v{len(numbers)}")
    return ast.unparse(statement)


def kernel_statements(source: str) -> Counter[str]:
    """The same for CUDA C++, where signatures count."""
    if len(source) > LONGEST:
        return Counter()
    return Counter(_statements(tokens(C_COMMENT.sub(" ", source))))


def _statements(words: Iterable[Token]) -> Iterator[str]:
    """Parentheses after a header's word end a statement, as braces do."""
    words = [word for word in words if word.kind != "directive" and word.text not in OPTIONAL]
    depth, statement, numbers = 0, [], {}
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        text = word.text
        depth += (text == "(") - (text == ")")
        if word.kind == "name" and text not in WORDS:
            if after is not None and after.text == "(":
                text = text if CUDA_FUNCTION.fullmatch(text) else "function"
            elif before is None or before.text not in (".", "->"):
                text = numbers.setdefault(text, f"v{len(numbers)}")
        ends = text in (";", "{", "}") and depth <= 0
        if not ends:
            statement.append(text)
        header = depth <= 0 and (text in ("else", "do") or (text == ")" and statement[0] in HEADERS))
        if statement and (ends or header):
            yield " ".join(statement)
            statement, numbers = [], {}
    if statement:
        yield " ".join(statement)


def library_statements(root: Path) -> dict[str, Counter[str]]:
    """`NAME in FILE` -> the statements of each answer and each kernel in the library of the course `root`."""
    found = {}
    for path in library.files(root):
        text = path.read_text("utf-8")
        if path.suffix == ".cu":
            made = _kernels(text)
        else:
            marked = library.answers(path)
            made = [(each.name, python_statements(textwrap.dedent(each.head + each.code))) for each in marked]
        found |= {f"{name} in {path.relative_to(root).as_posix()}": statements for name, statements in made}
    return {name: statements for name, statements in found.items() if size(statements) >= TELLING}


def _kernels(source: str) -> Iterator[tuple[str, Counter[str]]]:
    words = tokens(source)
    for name in kernels(source):
        place = next(i for i, word in enumerate(words) if word.text == name and words[i + 1].text == "(")
        begin = closing(words, place + 1) + 1
        yield name, Counter(_statements(words[begin + 1 : closing(words, begin)]))


def taken_from(known: dict[str, Counter[str]], own: Counter[str]) -> list[str]:
    """Names of those that are known whose statements are nearly all among the `own`, the longest first."""
    sizes = {name: size(made) for name, made in known.items() if not made.keys().isdisjoint(own)}
    found = [name for name, enough in sizes.items() if size(known[name] & own) >= ENOUGH * enough]
    return sorted(found, key=lambda name: -sizes[name])


def size(statements: Counter[str]) -> int:
    """Characters of the statements."""
    return sum(len(text) * count for text, count in statements.items())
