"""Write docs/teaching_answers.md: each notebook's question, an answer to it, and what a marker looks for.

    .venv/bin/python -m docs.write_answers

All of it stands in the notebooks, from which it is taken, and `tests/docs/test_teaching.py` holds it to them.
"""

import re

import nbformat

from autograder import regions
from autograder.course import Course
from autograder.preprocessors.help_marker import is_written_answer, without_delimiters
from course_lib.commands import workspace
from course_lib.paths import ROOT, write_atomically

PAGE = ROOT / "docs" / "teaching_answers.md"
HEAD = """\
# The answers, for discussion

Taken from the notebooks by `docs/write_answers.py`; change it there. For each notebook: the question of its
last section, an answer that earns all three points, and the items that a marker gives points for. What is
*not* worth a point is often the best start of a discussion.
"""


def page() -> str:
    """The text of the page."""
    course = Course(ROOT)
    parts = [section(nbformat.read(course.source(name), as_version=4)) for name in workspace.assignments()]
    return "\n".join([HEAD, *parts])


def section(notebook: nbformat.NotebookNode) -> str:
    """What is said of one notebook."""
    cells = notebook.cells
    title = cells[0].source.split("\n")[0].removeprefix("# ")
    place = next(i for i, cell in enumerate(cells) if is_written_answer(cell))
    asked = re.sub(r"\A## .*\n+", "", cells[place - 1].source)
    scheme = next(cell.source for cell in cells[place:] if regions.MARK_SCHEME[0] in cell.source)
    items = re.sub(r"\A\s*\*\*Mark scheme\*\*.*\n", "", without_delimiters(scheme)).strip()
    answer = "\n".join(f"> {line}" for line in cells[place].source.strip().split("\n"))
    return f"## {title}\n\n{asked.strip()}\n\n{answer}\n\n{items}\n"


if __name__ == "__main__":
    print(f"Written: {write_atomically(PAGE, page()).relative_to(ROOT)}")
