"""Keep hidden tests and mark schemes out of feedback: of them, students see the points.

Where points were lost, what the task had announced of its hidden tests is said once more.
"""

import re
import textwrap

from nbconvert.filters import strip_ansi
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor

from autograder import regions
from autograder.preprocessors import clear_mark_scheme

STUB = "# Hidden tests: the points above are their result."
LATER = "# Hidden tests: their result is told later."
REMOVED = "[This output is not shown: it quotes a hidden test.]"
ANNOUNCED = re.compile(r"Hidden tests add:.*?(?=\n\s*\n|\Z)", re.DOTALL)
MOST = 1000  # characters of an announcement
TELLING = 24  # characters; a shorter line, such as `assert x == y`, may stand in anyone's code


class HideTests(NbGraderPreprocessor):
    """Clears text and outputs of hidden cells, mark schemes, and every output that quotes a hidden test."""

    def preprocess(self, nb, resources):
        sources = released_sources(resources["nbgrader"])
        hidden = {name for name, source in sources.items() if is_hidden(source)}
        visible = [source for name, source in sources.items() if name not in hidden]
        visible += [cell.source for cell in nb.cells if not is_hidden(cell.source)]
        secrets = telling_lines(sources[name] for name in hidden) - telling_lines(visible)
        announced = ""
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "markdown" and not marks:
                announced = found[0] if (found := ANNOUNCED.search(cell.source)) else ""
            if marks.get("grade_id") in hidden or is_hidden(cell.source):
                lost = marks.get("score") is not None and marks["score"] < marks.get("points", 0)
                stub = LATER if marks.get("withheld") else STUB
                cell.source = stub + (_comment(announced) if lost else "")
                if cell.cell_type == "code":
                    cell.outputs = []
            elif regions.MARK_SCHEME[0] in cell.source:
                cell.source = clear_mark_scheme.STUB
            elif cell.cell_type == "code":
                cell.outputs = [without_secrets(output, secrets) for output in cell.outputs]
        # Saved states of widgets hold outputs of every cell, the hidden ones among them.
        nb.metadata.pop("widgets", None)
        return nb, resources


def released_sources(place) -> dict[str, str]:
    """The text of each cell as it was released, hidden tests included, by grade_id."""
    with Gradebook(place["db_url"]) as gradebook:
        notebook = gradebook.find_notebook(place["notebook"], place["assignment"])
        return {cell.name: cell.source for cell in notebook.source_cells}


def _comment(announcement: str) -> str:
    """What a task announces of its hidden tests, as lines of comment below the stub; "" for nothing."""
    lines = textwrap.wrap(announcement[:MOST], 98)
    return "".join(f"\n# {line}" for line in lines)


def is_hidden(source: str) -> bool:
    """True for the text of a cell with hidden tests."""
    return regions.HIDDEN_TESTS[0] in source


def telling_lines(sources) -> set[str]:
    """Canaries and lines long enough to be recognized, without their indentation."""
    lines = (line.strip() for source in sources for line in source.split("\n"))
    return {line for line in lines if len(line) >= TELLING or regions.CANARY.search(line)}


def without_secrets(output, secrets: set[str]):
    """`output`, or a note in its place when any of its text holds one of the lines `secrets`."""
    text = strip_ansi("\n".join(_texts(output)))
    if any(secret in text for secret in secrets):
        return type(output)(output_type="stream", name="stdout", text=REMOVED + "\n")
    return output


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
