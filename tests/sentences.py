"""The sentences of the tree: of notebooks, of strings and comments in programs, of pages of text."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# What a formula, a name in a program or a value that is filled in leaves behind in its sentence.
PLACE = "X"
NUMBER = "7"

_FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|et al|vs|cf|approx|No|Fig|Sec|St|Dr)\.", re.IGNORECASE)
_END = re.compile(r"(?<=[.?!])[\"'”)*_]*\s+|(?<=:)\s+(?=[A-Z])")


class Sentence(NamedTuple):
    """One sentence and where it stands: a path, and in a notebook the id of its cell."""

    place: str
    text: str


def of_python(source: str) -> Iterator[str]:
    """Each string and each run of comment lines of a program; values that are filled in become a number."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else NUMBER for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value
    run, last = [], None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = token.line.strip().startswith("#")
            if run and (not alone or last != token.start[0] - 1):
                yield "\n".join(run)
                run = []
            run.append(token.string.lstrip("#!: "))
            last = token.start[0] if alone else None
    if run:
        yield "\n".join(run)


def of_kernel(source: str) -> Iterator[str]:
    """Each run of // lines and each /* */ of a CUDA source."""
    for comment in re.findall(r"/\*[^/]*\*/|(?:^[ \t]*//.*\n?)+|//.*", source, re.MULTILINE):
        yield re.sub(r"^[ \t]*(//|/\*|\*/?)[ \t]?", "", comment, flags=re.MULTILINE)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, in Markdown or plain: no code, no formula, no tag, a table cell by cell."""
    text = _FENCE.sub("\n\n", text)
    text = _FORMULA.sub(PLACE, text)
    text = re.sub(r"`[^`\n]+`", PLACE, text)
    text = _LINK.sub(r"\1", text)
    text = _TAG.sub("\n\n", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#>]|\d+\.)\s?)|\|", text):
        line = " ".join(re.sub(r"^[\s#>|*-]+|[*_]{2}", "", paragraph).split())
        line = _ABBREVIATION.sub(lambda found: found[0].replace(".", "․"), line)
        yield from (part.strip() for part in _END.split(line) if " " in part.strip())


def of_notebook(path: Path, place: str) -> Iterator[Sentence]:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith("%%"):
            texts: Iterable[str] = of_kernel(source)
        elif cell["cell_type"] == "code":
            texts = of_python(re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.MULTILINE))
        else:
            texts = [source]
        for text in texts:
            yield from (Sentence(f"{place}:{cell['id']}", sentence) for sentence in sentences(text))


def of_file(path: Path) -> Iterator[Sentence]:
    """All sentences of one file of the tree."""
    place = path.relative_to(ROOT).as_posix()
    if path.suffix == ".ipynb":
        yield from of_notebook(path, place)
        return
    source = path.read_text("utf-8")
    read = {".py": of_python, ".cu": of_kernel, ".h": of_kernel, ".cpp": of_kernel}.get(path.suffix)
    for text in read(source) if read else [source]:
        yield from (Sentence(place, sentence) for sentence in sentences(text))
