"""Solutions for students, given out after the due date: the notebook with its answers, and a page."""

import shutil
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import nbformat

from autograder import leaks, regions
from autograder.course import Course
from autograder.due import due_dates
from autograder.pages import clean_html, markdown2html
from course_lib.commands.due import duration, shown
from course_lib.errors import UserError
from course_lib.paths import write_atomically

PYTHON = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; }}
body {{ max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ background: #f6f6f6; padding: .6rem .8rem; overflow-x: auto; font-size: 13.5px; line-height: 1.4; }}
table {{ border-collapse: collapse; }} th, td {{ text-align: left; vertical-align: top; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .2rem .8rem .2rem 0; }}
.answer {{ border-left: 4px solid #0072b2; padding-left: .8rem; }}
{code}
</style></head><body>
<main>
{cells}
</main>
</body></html>
"""


def write_solutions(course: Course, assignment: str) -> Path:
    """Write solutions/ASSIGNMENT: the notebook, which runs, and a page to read; returns the folder.

    Hidden tests and mark schemes are left out. Raises UserError while the assignment is not yet due, or has
    no due date, and when one of these were to be found in what is written.
    """
    source = course.source(assignment)
    refuse_before_it_is_due(course, assignment)
    notebook = solved(nbformat.read(source, as_version=4))
    folder = course.root / "solutions" / assignment
    shutil.rmtree(folder, ignore_errors=True)
    write_atomically(folder / source.name, nbformat.writes(notebook) + "\n")
    write_atomically(folder / f"{source.stem}.html", page(notebook, source.stem))
    wanted = leaks.canaries(source)
    wanted |= {text: what for text, what in leaks.secrets([source]).items() if "mark scheme" in what}
    if found := leaks.search(folder, wanted):
        shutil.rmtree(folder)
        raise UserError(f"No solutions of {assignment} were written: {found[0]}.")
    return folder


def refuse_before_it_is_due(course: Course, assignment: str) -> None:
    """Raises UserError unless the due date of the gradebook is over."""
    due, now = due_dates(course).get(assignment), datetime.now(UTC)
    if due is None:
        raise UserError(
            f"{assignment} has no due date, so its solutions stay here; set one in formgrader (Manage "
            "Assignments)."
        )
    if now < due:
        raise UserError(
            f"{assignment} is due {shown(due)}, in {duration(due - now)}; solutions can be given out then."
        )


def solved(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook as a student would have liked to hand it in: with answers, and nothing that marks them."""
    kept = []
    for cell in notebook.cells:
        text = cell.source
        for hidden in (regions.HIDDEN_TESTS, regions.MARK_SCHEME):
            text = _without(text, regions.find(text, hidden))
        if cell.source.strip() and not text.strip():
            continue
        lines = text.split("\n")
        for region in reversed(regions.find(text, regions.SOLUTION)):
            del lines[region.last], lines[region.first]
        cell.source = "\n".join(lines)
        # Without nbgrader's marks it is no assignment, and cannot be handed in by mistake.
        marks = cell.metadata.pop("nbgrader", {})
        if marks.get("solution"):
            cell.metadata["answer"] = True
        kept.append(cell)
    notebook.cells = kept
    return notebook


def _without(text: str, found: list[regions.Region]) -> str:
    lines = text.split("\n")
    for region in reversed(found):
        del lines[region.first : region.last + 1]
    return "\n".join(lines)


def page(notebook: nbformat.NotebookNode, title: str) -> str:
    """The notebook as one HTML page that loads nothing; answers have a bar beside them."""
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    exporter = HTMLExporter(
        template_name="basic",
        filters={"markdown2html": markdown2html, "clean_html": clean_html},
        exclude_input_prompt=True,
        exclude_output=True,
    )
    parts = []
    for cell in notebook.cells:
        one = nbformat.v4.new_notebook(cells=[cell], metadata=PYTHON)
        body, _ = exporter.from_notebook_node(one)
        parts.append(f"<div{' class=answer' if cell.metadata.get('answer') else ''}>{body}</div>")
    return PAGE.format(
        title=escape(title),
        code=HtmlFormatter(style="default").get_style_defs(".highlight"),
        cells="\n".join(parts),
    )
