"""How a class did in one assignment: points by task, failing tests, time, what is worth a look, changes."""

import re
import statistics
from collections import Counter
from dataclasses import dataclass

from autograder import journal, regions
from autograder.course import Course
from autograder.grade_log import Change, grade_log
from autograder.identical import Identical, identical_answers
from autograder.scores import CellScores, cell_scores, scores
from course_lib.errors import UserError

TEST_SUFFIXES = ("_test", "_hidden")
MESSAGE_LENGTH = 120  # characters
REASONS = 3  # a test
ENOUGH = 20  # submissions; a correlation of fewer is mostly chance
ERROR = re.compile(r"[A-Za-z_.]*(Error|Exception|Interrupt|Exit)\b")


@dataclass(frozen=True)
class TaskStatistics:
    """Points that submissions earned in one task, its visible and hidden tests added up.

    `full`, `partial`, `none` and `unmarked` count submissions; mean and median are over the marked ones.
    `discrimination` is the correlation of this task's points with those of all other tasks: near 0, those who
    do well elsewhere do no better here, and the task or its test may be at fault. None below ENOUGH marked
    submissions, and where all have the same points.
    """

    task: str
    name: str
    possible: float
    mean: float
    median: float
    full: int
    partial: int
    none: int
    unmarked: int
    discrimination: float | None


@dataclass(frozen=True)
class FailingTest:
    """A test, how many submissions earn less or all of its points, and what most of the former got wrong.

    `reasons` are the test's own words with the number of submissions that were told them, most first.
    """

    test: str
    failed: int
    passed: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Report:
    """A class's result.

    `tasks` are in the notebook's order, `failing` worst first. `totals` has a number for each graded
    submission, `seconds` by student the wall time of the last grading. `flags` names by student what the
    grader noticed (a limit hit, a process that died, changed tests) or why it could not grade. `identical`
    are answers that students share with each other or with the library, `changes` the grade log.
    """

    assignment: str
    submissions: int
    not_graded: int
    to_mark: int
    possible: float
    totals: list[float]
    tasks: list[TaskStatistics]
    failing: list[FailingTest]
    seconds: dict[str, float]
    flags: dict[str, list[str]]
    identical: list[Identical]
    changes: list[Change]


def report(course: Course, assignment: str) -> Report:
    """Statistics over the submissions that were graded. Raises UserError when there is none."""
    rows = scores(course, assignment)
    graded = [row for row in rows if row.status in ("graded", "needs marking")]
    if not graded:
        raise UserError(f"Nothing of {assignment} is graded; run ./course grade {assignment} first.")
    cells = cell_scores(course, assignment)
    last = {entry.student: entry for entry in journal.read(course, assignment)}
    return Report(
        assignment=assignment,
        submissions=len(graded),
        not_graded=sum(row.status == "not graded" for row in rows),
        to_mark=sum(row.status == "needs marking" for row in rows),
        possible=graded[0].possible,
        totals=[row.total for row in graded],
        tasks=task_statistics(cells, task_names(course, assignment)),
        failing=failing_tests(cells, list(last.values())),
        seconds={student: entry.seconds for student, entry in last.items() if entry.seconds},
        flags={student: found for student, entry in sorted(last.items()) if (found := noticed(entry))},
        identical=identical_answers(course, assignment),
        changes=grade_log(course, assignment),
    )


def noticed(entry: journal.Entry) -> list[str]:
    """What an instructor may want to look at in one grading."""
    return [*entry.flags, *([f"{entry.state}: {entry.reason}"] if entry.reason else [])]


def failing_tests(cells: list[CellScores], entries: list[journal.Entry]) -> list[FailingTest]:
    """The tests that not all submissions pass, worst first."""
    found = []
    for cell in cells:
        failed = [points is None or points < cell.possible for points in cell.points]
        if not cell.is_test or not any(failed):
            continue
        said = Counter(
            reason
            for entry in entries
            if cell.name in entry.messages and (entry.points.get(cell.name) or 0) < cell.possible
            for reason in reasons(entry.messages[cell.name])
        )
        common = tuple(said.most_common(REASONS))
        found.append(FailingTest(cell.name, sum(failed), len(failed) - sum(failed), common))
    return sorted(found, key=lambda test: -test.failed)


def reasons(message: str) -> set[str]:
    """What a test found wrong: the cases that marking names, an error, or else its first line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    found = {line.removeprefix("about").strip() for line in lines if line.startswith("about ")}
    for line in lines:
        if line.startswith("Not yet:"):
            found |= {case.strip() for case in line.removeprefix("Not yet:").split(";")}
    found |= {line for line in lines if ERROR.match(line)}
    return {cut(reason) for reason in found or lines[:1]}


def cut(text: str) -> str:
    """`text`, short enough for a table."""
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"


def task_of(cell: str) -> str:
    """The task that a graded cell belongs to: q02_quantize for q02_quantize_hidden."""
    for suffix in TEST_SUFFIXES:
        cell = cell.removesuffix(suffix)
    return cell


def task_names(course: Course, assignment: str) -> dict[str, str]:
    """grade_id of a solution cell -> its task's name: q02_quantize -> Q2.2: quantize."""
    import nbformat

    names = {}
    for cell in nbformat.read(course.source(assignment), as_version=4).cells:
        found = regions.find(cell.source, regions.SOLUTION)
        if found and (match := regions.TASK_NAME.match(found[0].label)):
            names[cell.metadata["nbgrader"]["grade_id"]] = re.sub(r"\s+", " ", match[0])
    return names


def task_statistics(cells: list[CellScores], names: dict[str, str]) -> list[TaskStatistics]:
    """One row per task, in order of first appearance; a task not in `names` goes by its cell's name."""
    groups: dict[str, list[CellScores]] = {}
    for cell in cells:
        groups.setdefault(task_of(cell.name), []).append(cell)
    totals_of = {
        task: [
            None if None in points else sum(points) for points in zip(*(c.points for c in group), strict=True)
        ]
        for task, group in groups.items()
    }
    rows = []
    for task, group in groups.items():
        possible = sum(cell.possible for cell in group)
        each = totals_of[task]
        totals = [total for total in each if total is not None]
        full = sum(total >= possible for total in totals)
        none = sum(total <= 0 and total < possible for total in totals)
        rows.append(
            TaskStatistics(
                task=task,
                name=names.get(task, task),
                possible=possible,
                mean=statistics.fmean(totals) if totals else float("nan"),
                median=statistics.median(totals) if totals else float("nan"),
                full=full,
                partial=len(totals) - full - none,
                none=none,
                unmarked=len(each) - len(totals),
                discrimination=discrimination(each, [totals_of[other] for other in groups if other != task]),
            )
        )
    return rows


def discrimination(task: list[float | None], others: list[list[float | None]]) -> float | None:
    """Correlation between a task's points and the sum of the others', over the submissions marked in it.

    The corrected item-total correlation of test theory (Henrysson 1963). A task that is not marked for all
    of them is left out of the sum.
    """
    marked = [place for place, points in enumerate(task) if points is not None]
    whole = [points for points in others if all(points[place] is not None for place in marked)]
    if len(marked) < ENOUGH or not whole:
        return None
    try:
        own = [task[place] for place in marked]
        return statistics.correlation(own, [sum(points[place] for points in whole) for place in marked])
    except statistics.StatisticsError:  # everybody has the same
        return None
