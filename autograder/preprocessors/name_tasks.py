"""The tasks of a notebook with their points, for the top of a feedback page."""

import re

from nbgrader.preprocessors.base import NbGraderPreprocessor

from autograder.preprocessors.hide_tests import is_hidden

HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
MARKUP = re.compile(r"[*_`$]")


class NameTasks(NbGraderPreprocessor):
    """Lists the graded cells in `resources["tasks"]`, under the headings that stand above them."""

    def preprocess(self, nb, resources):
        resources["tasks"] = tasks(nb.cells)
        return nb, resources


def tasks(cells) -> list[dict]:
    """A task per heading with graded cells below it: its name, its points, and its parts, cell by cell.

    A part has the `cell`'s grade_id, a `name` that says what it is, `score` and `points`, and whether there
    is a `comment`.
    """
    found, heading = {}, ""
    for cell in cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and not marks.get("solution"):
            heading = ([heading, *HEADING.findall(cell.source)])[-1]
        if not marks.get("grade") or "grade_id" not in marks:
            continue
        name = MARKUP.sub("", heading) or marks["grade_id"]
        task = found.setdefault(name, {"name": name, "score": 0.0, "points": 0.0, "parts": []})
        score, points = marks.get("score") or 0.0, marks.get("points") or 0.0
        task["score"] += score
        task["points"] += points
        part = {"cell": marks["grade_id"], "name": _kind(cell, marks), "score": score, "points": points}
        task["parts"].append(part | {"comment": bool(marks.get("comment"))})
    return list(found.values())


def _kind(cell, marks) -> str:
    if marks.get("solution"):
        return "written answer" if cell.cell_type == "markdown" else "code, marked by a person"
    return "hidden tests" if is_hidden(cell.source) else "visible tests"
