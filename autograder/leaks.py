"""Searching what students get for what they must not get."""

import io
import json
import zipfile
from pathlib import Path

from autograder import library, regions

TELLING = 60  # characters of code; a shorter solution, such as `return x * s`, may stand anywhere by chance


def canaries(notebook: Path) -> dict[str, str]:
    """The words that stand in the hidden tests of an instructor's notebook -> what they betray."""
    found = regions.CANARY.findall(notebook.read_text("utf-8"))
    return dict.fromkeys(found, f"a hidden test of {notebook.name}")


def secrets(notebooks: list[Path]) -> dict[str, str]:
    """Text that no student may find -> what it is: hidden tests' canaries, solutions and mark schemes.

    `notebooks` are the instructor's. Solutions count without their white space.
    """
    found = {}
    for path in notebooks:
        found |= canaries(path)
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            source = "".join(cell["source"])
            for kind, body in _answers(cell, source):
                if len(squeezed(body)) >= TELLING:
                    found[squeezed(body)] = f"a {kind} of {path.name}"
    return found


def library_answers(root: Path) -> dict[str, str]:
    """The code of each answer in the library of the course in `root` -> what it betrays."""
    found = {}
    for path in library.files(root):
        for answer in library.answers(path):
            if len(code := squeezed(answer.code)) >= TELLING:
                found[code] = f"the library's answer to {answer.task} ({path.name}: {answer.name})"
    return found


def _answers(cell: dict, source: str):
    for body in regions.bodies(source, regions.SOLUTION):
        yield "solution", body
    for body in regions.bodies(source, regions.MARK_SCHEME):
        yield "mark scheme", body
    if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("solution"):
        yield "model answer", source


def squeezed(text: str) -> str:
    """`text` without white space, so that indentation hides nothing."""
    return "".join(text.split())


def search(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Lines 'FILE holds WHAT' for each secret found in a file of `folder`, archives included."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        text = squeezed(_text(path.name, path.read_bytes()))
        name = path.relative_to(folder)
        found += [f"{name} holds {what}" for secret, what in wanted.items() if secret in text]
    return found


def _text(name: str, data: bytes) -> str:
    # Whoever writes a page's text can make it pass for an archive.
    if not name.endswith(".html") and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(_text(member, archive.read(member)) for member in archive.namelist())
    text = data.decode("utf-8", errors="replace")
    if name.endswith(".ipynb"):
        return "\n".join(_strings(json.loads(text)))  # in JSON a quote or line break is written otherwise
    return text


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        yield "".join(part for part in value if isinstance(part, str))
        for part in value:
            if not isinstance(part, str):
                yield from _strings(part)
