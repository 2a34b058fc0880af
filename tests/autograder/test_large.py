"""A notebook may be large, deep or strange: work in it counts, in both ways of grading."""

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader.converters import Autograde

from autograder.conversion import ConversionFailed, convert
from autograder.grade import Grading
from autograder.release import release
from autograder.scores import scores
from autograder.workers import LocalWorkers
from course_lib.examination.notebook_file import MAX_BYTES
from tests.autograder.small_course import cell_named, hand_in, solved

pytestmark = [pytest.mark.slow, pytest.mark.needs("sandbox")]
ASSIGNMENT = "q00_doubling"


def with_outputs(starter) -> bytes:
    """100 MB of old pictures and prints, which a student did not clear."""
    notebook = solved(starter)
    cell_named(notebook, "q00_double").outputs = [
        new_output("display_data", {"image/png": "iVBO" * (12 << 20)}),
        new_output("stream", text="a line of an old run\n" * (52 << 20 >> 4)),
    ]
    return written(notebook)


def written(notebook) -> bytes:
    return nbformat.writes(notebook).encode()


def with_metadata(starter, freight: bytes) -> bytes:
    notebook = solved(starter)
    for metadata in (
        notebook.metadata,
        notebook.cells[0].metadata,
        cell_named(notebook, "q00_double").metadata,
    ):
        metadata["freight"] = "@freight@"
    return written(notebook).replace(b'"@freight@"', freight)


def large(starter) -> dict[str, tuple[bytes, float | None]]:
    """student -> (file, fair points; None: it cannot be graded)."""
    small = written(solved(starter))
    return {
        "ada": (small, 7.0),
        "outputs": (with_outputs(starter), 7.0),
        "objects": (with_metadata(starter, b"[" + b"{}," * 1_800_000 + b"{}]"), 7.0),
        "deep": (with_metadata(starter, b"[" * 300_000 + b"]" * 300_000), 7.0),
        "numbers": (with_metadata(starter, b"[NaN, -Infinity, 1e999, " + b"9" * 100_000 + b"]"), 7.0),
        "halves": (with_metadata(starter, rb'"\ud800"'), 7.0),
        "utf-32": (small.decode().encode("utf-32"), 7.0),
        "cells": (b'{"nbformat": 4, "cells": [' + b"{}," * 5_000_000 + b"{}]}", None),
        "sparse": (small + b" " * MAX_BYTES, None),
        "torn": (small[:-5], None),
        "zoe": (small, 7.0),
    }


@pytest.fixture(scope="module")
def kinds(starter):
    """Made once: half a gigabyte takes seconds."""
    return large(starter)


@pytest.fixture
def handed_in(course, kinds):
    release(course, ASSIGNMENT)
    for student, (data, _) in kinds.items():
        hand_in(course, student, data)
    return course, {student: fair for student, (_, fair) in kinds.items()}


def test_grading_by_workers_gives_what_is_fair_and_reasons_for_the_rest(handed_in):
    course, fair = handed_in
    outcomes = [*Grading(course, ASSIGNMENT, []).run(LocalWorkers(2))]
    assert {outcome.student: outcome.auto_points for outcome in outcomes} == fair
    reasons = {outcome.student: outcome.reason for outcome in outcomes if outcome.reason}
    assert reasons["cells"] == "it has more than 2000 cells; no more are read"
    assert reasons["sparse"].endswith("at most 256 MB are read")
    assert reasons["torn"].startswith("it is no notebook: not JSON")
    assert len(reasons) == 3


def test_nbgrader_autograde_gives_the_same(handed_in):
    course, fair = handed_in
    with pytest.raises(ConversionFailed, match=r"not JSON|2000 cells|256 MB"):
        convert(Autograde, course, ASSIGNMENT)
    found = {row.student: row.auto if row.status == "graded" else None for row in scores(course, ASSIGNMENT)}
    assert found == fair
