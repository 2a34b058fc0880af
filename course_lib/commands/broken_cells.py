"""Cells of a student's notebook that end in an error, a line for each: the cell, its line, the error."""

import re
from collections.abc import Set

from course_lib.examination.assignment import Assignment
from course_lib.examination.submission import Submission

LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
WHERE = re.compile(r" \(<ipython-input-.*\)$")  # where a SyntaxError stands, by a name that nobody knows
# A task that is not written yet, what a flag of the examination says, and what ends nothing here.
PASSED_OVER = {"NotImplementedError", "ProcessEnded", "SystemExit"}
MOST = 160  # characters of an error's text


def broken_cells(submission: Submission, outputs: dict[int, list[dict]]) -> dict[int, str]:
    """By place, the cells whose `outputs` hold an error, tests left out."""
    found = {}
    for place, (cell, known) in enumerate(submission.cells):
        errors = [output for output in outputs.get(place, ()) if output["output_type"] == "error"]
        if errors and errors[0]["ename"] not in PASSED_OVER and not (known and known.is_test):
            name = known.name if known else f'"{_first_line(cell.source)}"'
            found[place] = f"cell {place + 1} ({name}){_said(errors[0])}"
    return found


def behind(assignment: Assignment, submission: Submission, broken: Set[int]) -> dict[str, int]:
    """By grade_id, the tests whose task has a broken solution cell, and the place of the first.

    The cells of a task are those between its tests and the test before them.
    """
    places = {known.name: place for place, (_, known) in enumerate(submission.cells) if known is not None}
    found, own, after_a_test = {}, set(), False
    for cell in assignment.cells:
        if cell.is_test:
            if (first := min(broken & own, default=None)) is not None:
                found[cell.name] = first
        elif cell.metadata["solution"] and cell.cell_type == "code":
            own = {places.get(cell.name)} | (set() if after_a_test else own)
        after_a_test = cell.is_test
    return found


def _said(error: dict) -> str:
    traceback = error.get("traceback")
    line = LINE.search("\n".join(traceback)) if isinstance(traceback, list) else None
    text = WHERE.sub("", (error["evalue"].strip().splitlines() or [""])[0])
    return f"{f', line {line[1]}' if line else ''}: {error['ename']}: {text[:MOST]}".rstrip(": ")


def _first_line(source: str) -> str:
    line = source.strip().splitlines()[0]
    return line if len(line) <= 40 else line[:39] + "…"
