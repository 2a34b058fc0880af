"""Answers that several students share word for word, comments and spacing aside."""

import hashlib
import io
import logging
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.utils import is_solution

from autograder import regions
from autograder.batch import read_submission
from autograder.course import Course
from autograder.limited import READING, Failed, ask
from course_lib.examination.submission import read_cells

logger = logging.getLogger(__name__)
# Characters of a student's own lines. Shorter ones, such as `return np.clip(x, 0, 1)`, are alike by chance.
TELLING = 80
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
C_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
HASH_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Identical:
    """Students (two or more, sorted) whose answers in each of `cells` are the same."""

    students: tuple[str, ...]
    cells: tuple[str, ...]


def identical_answers(course: Course, assignment: str) -> list[Identical]:
    """Groups of students with the same answers, most cells first.

    It compares the lines of solution cells that the released version does not have, when they are long
    enough to be nobody's chance. The notebooks are those in submitted/; one that cannot be read is left out.
    """
    name = course.source(assignment).name
    starter = _solutions((course.root / "release" / assignment / name).read_text("utf-8"))
    given = {line for source in starter.values() for line in own_lines(source, set())}
    same: dict[tuple[str, str], list[str]] = {}
    for student in course.submitters(assignment):
        path = course.notebook("submitted", student, assignment)
        try:
            found = ask(READING, digests, path, set(starter), given)
        except Failed:  # whatever a student's file holds, the others are compared
            logger.info("%s is not compared", student, exc_info=True)
            continue
        for cell in starter.keys() & found.keys():
            same.setdefault((cell, str(found[cell])), []).append(student)
    groups: dict[tuple[str, ...], list[str]] = {}
    order = list(starter)
    for (cell, _), students in same.items():
        if len(students) > 1:
            groups.setdefault(tuple(sorted(students)), []).append(cell)
    found = [Identical(who, tuple(sorted(cells, key=order.index))) for who, cells in groups.items()]
    return sorted(found, key=lambda group: (-len(group.cells), group.students))


def own_lines(source: str, given: set[str]) -> tuple[str, ...]:
    """The logical lines of an answer that are not `given`, without comments, spacing and indentation."""
    if regions.is_cuda(source):
        lines = re.split(r"[;{}\n]", C_COMMENT.sub(" ", source))
    else:
        lines = _python_lines(source)
    words = (" ".join(line.split()) for line in lines)
    return tuple(line for line in words if line and line not in given)


def _python_lines(source: str) -> list[str]:
    lines, line = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NEWLINE:
                lines.append(" ".join(line))
                line = []
            elif token.type not in LAYOUT:
                line.append(token.string)
    except (tokenize.TokenError, SyntaxError):  # a magic, prose, or an unfinished line
        return HASH_COMMENT.sub("", source).lower().split("\n")
    return [*lines, " ".join(line)]


def digests(path: Path, wanted: set[str], given: set[str]) -> dict[str, str]:
    """In a limited process: grade_id -> SHA-256 of a student's own lines in each of the cells `wanted`.

    Cells with too few of them are left out; of copies the last counts. Raises NotReadable, Unreadable.
    """
    found = {}
    for cell in read_cells(read_submission(path)).cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in wanted:
            lines = own_lines(cell.source, given)
            found[name] = "\n".join(lines) if sum(map(len, lines)) >= TELLING else ""
    return {name: hashlib.sha256(lines.encode()).hexdigest() for name, lines in found.items() if lines}


def _solutions(released: str) -> dict[str, str]:
    """grade_id -> text of each solution cell in the notebook that students got."""
    cells = nbformat.reads(released, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if is_solution(cell)}
