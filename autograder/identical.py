"""Answers that several students share word for word, comments and spacing aside, and those of the library."""

import contextlib
import hashlib
import io
import logging
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.utils import is_solution

from autograder import alike, regions
from autograder.batch import read_submission
from autograder.course import Course
from autograder.limited import READING, Failed, ask
from course_lib.examination.submission import read_cells
from course_lib.paths import ROOT
from course_lib.seal import unsealed

logger = logging.getLogger(__name__)
# Characters of a student's own lines. Shorter ones, such as `return np.clip(x, 0, 1)`, are alike by chance.
TELLING = 80
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
HASH_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Identical:
    """Students (sorted) whose answers in each of `cells` are the same.

    They are two or more, or their answers are also those of the library that `library` names.
    """

    students: tuple[str, ...]
    cells: tuple[str, ...]
    library: str = ""


def identical_answers(course: Course, assignment: str) -> list[Identical]:
    """Groups of students with the same answers, those of the library first, then most cells first.

    It compares the lines of solution cells that the released version does not have, when they are long
    enough to be nobody's chance. With the library's answers and kernels, it compares statements whatever the
    names in them; students who have an answer from there are not compared with each other. The notebooks are
    those in submitted/; one that cannot be read is left out.
    """
    name = course.source(assignment).name
    starter = _solutions((course.root / "release" / assignment / name).read_text("utf-8"))
    given = {line for source in starter.values() for line in own_lines(source, set())}
    known = alike.library_statements(ROOT)
    same: dict[tuple[str, str, str], list[str]] = {}
    for student in course.submitters(assignment):
        path = course.notebook("submitted", student, assignment)
        try:
            found = ask(READING, digests, path, set(starter), given, known)
        except Failed:  # whatever a student's file holds, the others are compared
            logger.info("%s is not compared", student, exc_info=True)
            continue
        for cell in starter.keys() & found.keys():
            digest, library = found[cell]
            same.setdefault((cell, str(digest), str(library)), []).append(student)
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    order = list(starter)
    for (cell, _, library), students in same.items():
        if len(students) > 1 or library:
            groups.setdefault((tuple(sorted(students)), library), []).append(cell)
    found = [
        Identical(students, tuple(sorted(cells, key=order.index)), library)
        for (students, library), cells in groups.items()
    ]
    return sorted(found, key=lambda group: (not group.library, -len(group.cells), group.students))


def own_lines(source: str, given: set[str]) -> tuple[str, ...]:
    """The logical lines of an answer that are not `given`, without comments, spacing and indentation."""
    if regions.is_cuda(source):
        lines = re.split(r"[;{}\n]", alike.C_COMMENT.sub(" ", source))
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


def digests(
    path: Path, wanted: set[str], given: set[str], known: dict[str, Counter[str]]
) -> dict[str, tuple[str, str]]:
    """In a limited process: grade_id -> what students who share an answer have both, of the cells `wanted`.

    It is the SHA-256 of their own lines and "", or "" and the names of those `known` that the answer has.
    Cells with too few lines are left out; of copies the last counts. Raises NotReadable, Unreadable.
    """
    answers = {}
    for cell in read_cells(read_submission(path)).cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in wanted:
            answers[name] = cell.source
    found = {}
    for name, source in answers.items():
        lines = own_lines(source, given)
        if library := alike.taken_from(known, statements(source)):
            found[name] = "", ", ".join(library)
        elif sum(map(len, lines)) >= TELLING:
            found[name] = hashlib.sha256("\n".join(lines).encode()).hexdigest(), ""
    return found


def statements(source: str) -> Counter[str]:
    """What an answer does; a copy of something sealed is opened."""
    with contextlib.suppress(ValueError):
        source = unsealed(source[: alike.LONGEST])
    return alike.kernel_statements(source) if regions.is_cuda(source) else alike.python_statements(source)


def _solutions(released: str) -> dict[str, str]:
    """grade_id -> text of each solution cell in the notebook that students got."""
    cells = nbformat.reads(released, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if is_solution(cell)}
