"""Answers that several students share, word for word or with other names, and those of the library."""

import contextlib
import hashlib
import io
import logging
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
# Characters of an answer's statements. With the names away, twice as much is needed to be nobody's chance.
TELLING_RENAMED = 160
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
HASH_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Identical:
    """Students (sorted) whose answers in each of `cells` are the same.

    They are two or more, or their answers are also those of the library that `library` names. `renamed`: the
    same, apart from names and the order of statements.
    """

    students: tuple[str, ...]
    cells: tuple[str, ...]
    library: str = ""
    renamed: bool = False


class Given(NamedTuple):
    """What students were given: the lines of all solution cells, and what each cell does."""

    lines: set[str]
    statements: dict[str, Counter[str]]


class Compared(NamedTuple):
    """Of one answer: SHA-256 of its words, the library's names, and SHA-256 of what it does; "" for none."""

    words: str
    library: str
    statements: str


def identical_answers(course: Course, assignment: str) -> list[Identical]:
    """Groups of students with the same answers, those of the library first, then most cells first.

    It compares the lines of solution cells that the released version does not have, when they are long
    enough to be nobody's chance; and what they do, statement by statement, whatever the names in them, which
    is also how the library's answers and kernels are found. Students who have an answer from there are not
    compared with each other. The notebooks are those in submitted/; one that cannot be read is left out.
    """
    name = course.source(assignment).name
    starter = _solutions((course.root / "release" / assignment / name).read_text("utf-8"))
    given = Given(
        {line for source in starter.values() for line in own_lines(source, set())},
        {cell: statements(source) for cell, source in starter.items()},
    )
    known = alike.library_statements(ROOT)
    compared: dict[str, dict[str, Compared]] = {}
    for student in course.submitters(assignment):
        path = course.notebook("submitted", student, assignment)
        try:
            found = ask(READING, digests, path, given, known)
        except Failed:  # whatever a student's file holds, the others are compared
            logger.info("%s is not compared", student, exc_info=True)
            continue
        compared[student] = {cell: Compared(*each) for cell, each in found.items()}  # sent as plain data
    return grouped(compared, list(starter))


def grouped(compared: dict[str, dict[str, Compared]], order: list[str]) -> list[Identical]:
    """Who shares what, from student -> cell -> what was compared; cells are told in this order."""
    groups: dict[tuple[tuple[str, ...], str, bool], list[str]] = {}
    for cell in order:
        answers = {student: found[cell] for student, found in sorted(compared.items()) if cell in found}
        words, renamed = {}, {}
        for student, answer in answers.items():
            words.setdefault((answer.words, answer.library), []).append(student)
            if answer.statements:
                renamed.setdefault(answer.statements, []).append(student)
        for (_, library), students in words.items():
            if len(students) > 1 or library:
                groups.setdefault((tuple(students), library, False), []).append(cell)
        for students in renamed.values():
            if len({answers[student].words for student in students}) > 1:
                groups.setdefault((tuple(students), "", True), []).append(cell)
    found = [
        Identical(students, tuple(cells), library, renamed)
        for (students, library, renamed), cells in groups.items()
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


def digests(path: Path, given: Given, known: dict[str, Counter[str]]) -> dict[str, Compared]:
    """In a limited process: grade_id -> what is compared, of the cells whose text was `given`.

    Cells with too little of the student's own are left out; of copies the last counts. Raises NotReadable,
    Unreadable.
    """
    answers = {}
    for cell in read_cells(read_submission(path)).cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in given.statements:
            answers[name] = cell.source
    found = {}
    for name, source in answers.items():
        lines, made = own_lines(source, given.lines), statements(source)
        if library := alike.taken_from(known, made):
            found[name] = Compared("", ", ".join(library), "")
        elif sum(map(len, lines)) >= TELLING:
            own = made - given.statements[name]
            telling = alike.size(own) >= TELLING_RENAMED
            found[name] = Compared(
                _sha256("\n".join(lines)), "", _sha256(repr(sorted(own.items()))) if telling else ""
            )
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def statements(source: str) -> Counter[str]:
    """What an answer does; a copy of something sealed is opened."""
    with contextlib.suppress(ValueError):
        source = unsealed(source[: alike.LONGEST])
    return alike.kernel_statements(source) if regions.is_cuda(source) else alike.python_statements(source)


def _solutions(released: str) -> dict[str, str]:
    """grade_id -> text of each solution cell in the notebook that students got."""
    cells = nbformat.reads(released, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if is_solution(cell)}
