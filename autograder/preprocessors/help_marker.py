"""What a person needs to mark an answer in words, beside the answer in formgrader."""

import re

from nbconvert.preprocessors import Preprocessor
from nbformat.v4 import new_markdown_cell

from autograder import regions
from course_lib.notebook.effects import count_words

LIMITS = re.compile(r"word_count\.show\((\d+), *(\d+)\)")
COMPARISON = "compare_prediction("
PREDICTION = re.compile(r"^prediction\s*=", re.MULTILINE)


class HelpMarker(Preprocessor):
    """Below each written answer: its word count, and the student's prediction beside the measurement.

    The notebook itself is not changed; only formgrader's page of a submission shows this.
    """

    enabled = True

    def preprocess(self, nb, resources):
        if "submission_id" not in resources:  # a page for someone else, such as feedback
            return nb, resources
        limits = [match for cell in nb.cells if (match := LIMITS.search(cell.source))]
        limit = limits[0] if limits else None
        cells = []
        for cell in nb.cells:
            if cell.cell_type == "code" and LIMITS.search(cell.source):
                continue  # a counter for whoever writes the answer
            if regions.MARK_SCHEME[0] in cell.source:
                cell.source = without_delimiters(cell.source)
            cells.append(cell)
            if is_written_answer(cell):
                cells.append(new_markdown_cell(f"{words(cell.source, limit)}\n\n{prediction(nb)}"))
        nb.cells = cells
        return nb, resources


def is_written_answer(cell) -> bool:
    """True for a Markdown cell that a person marks."""
    marks = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "markdown" and bool(marks.get("grade")) and bool(marks.get("solution"))


def words(answer: str, limit: re.Match | None) -> str:
    """'**68 words** (60 to 80 were asked for)'."""
    count = count_words(answer)
    text = f"**{count} word{'' if count == 1 else 's'}**"
    return text + (f" ({limit[1]} to {limit[2]} were asked for)" if limit else "")


def prediction(nb) -> str:
    """The student's table of predictions and measurements, or what there is of it; "" if none is made."""
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    compared = next((cell for cell in code if COMPARISON in cell.source), None)
    if compared is None:
        return ""
    if table := shown(compared, "text/html"):
        return f"Prediction and measurement, from the student's own run:\n\n{table}"
    failed = next((o for o in compared.outputs if o.output_type == "error"), None)
    text = "No measurement to compare: the comparison " + (
        f"ended with `{failed.ename}`."
        if failed
        else "was not run (`./course grade --again --measure` runs it)."
    )
    predicted = next((shown(cell, "text/plain") for cell in code if PREDICTION.search(cell.source)), "")
    return f"{text} Predicted:\n\n```\n{predicted}\n```" if predicted else text


def shown(cell, kind: str) -> str:
    """The last output of a kind of a cell, without blank lines, at which Markdown would end it."""
    found = [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]
    return re.sub(r"\n\s*\n", "\n", found[-1]).replace("```", "") if found else ""


def without_delimiters(source: str) -> str:
    """A mark scheme without the lines that mark its begin and end."""
    return "\n".join(
        line for line in source.split("\n") if not any(word in line for word in regions.MARK_SCHEME)
    )
