"""Refuse a source notebook whose solutions or hidden tests could reach a student."""

from nbgrader import utils
from nbgrader.preprocessors.base import NbGraderPreprocessor

from autograder import regions
from course_lib.errors import UserError


class CheckRegions(NbGraderPreprocessor):
    """Raises UserError naming notebook and cell; runs first, so that a refused notebook changes nothing."""

    def preprocess_cell(self, cell, resources, cell_index):
        try:
            check_solution(cell)
            check_hidden_tests(cell)
            check_mark_scheme(cell)
        except ValueError as error:
            place = resources["nbgrader"]
            name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"number {cell_index + 1}"
            raise UserError(
                f"{place['assignment']}/{place['notebook']}.ipynb, cell {name}: {error}."
            ) from error
        return cell, resources


def check_solution(cell) -> None:
    """A solution cell of code marks its solutions, each with the name of its task; no other cell does."""
    found = regions.find(cell.source, regions.SOLUTION)
    if found and not utils.is_solution(cell):
        raise ValueError("a solution region in a cell that is no nbgrader solution cell")
    if cell.cell_type != "code" or not utils.is_solution(cell):
        return
    if not found:
        raise ValueError("a solution cell without a region ### BEGIN SOLUTION … ### END SOLUTION")
    for region in found:
        if not regions.TASK_NAME.fullmatch(region.label):
            raise ValueError(
                f"the region {region.label!r} needs a task name, as in ### BEGIN SOLUTION Q2.2: quantize"
            )


def check_hidden_tests(cell) -> None:
    """Hidden tests fill a locked test cell of their own, with a canary by which a leak would be found."""
    if not regions.find(cell.source, regions.HIDDEN_TESTS):
        return
    if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
        raise ValueError("hidden tests in a cell that is no nbgrader test cell")
    if not regions.is_whole_cell(cell.source, regions.HIDDEN_TESTS):
        raise ValueError("hidden tests must fill a cell of their own, with nothing before or after")
    if not regions.CANARY.search(cell.source):
        raise ValueError("hidden tests need a canary comment, as in # canary-q02-5f0c2a91")


def check_mark_scheme(cell) -> None:
    """A mark scheme stands in a locked cell: only that is put back for the marker when work is graded."""
    found = regions.find(cell.source, regions.MARK_SCHEME)
    if found and not (utils.is_task(cell) or (utils.is_locked(cell) and not utils.is_grade(cell))):
        raise ValueError("a mark scheme in a cell that is neither a locked cell nor an nbgrader task")
    if found and "attachments" in cell:
        raise ValueError("a mark scheme with an attached image, which would reach students; link it instead")
