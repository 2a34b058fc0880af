"""Whatever became of a notebook file, grading it ends with points or a reason, and costs nobody else."""

import copy
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.engine import Assignment, Times, grade_submission
from tests.autograder.corpus import assignment
from tests.autograder.corpus.case import Case
from tests.autograder.corpus.judge import leaked, unfair
from tests.autograder.test_corpus import no_hang

LIMITS = Times(cell=5.0, call=5.0, test=20.0, submission=40.0)
RIGHT = Case("right", "a right submission").notebook()

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.just("x" * 100_000),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)
SOURCES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "1/0",
            "%%nothing\nx",
            "input()",
            "def f(:",
            "exit()",
            "# ### BEGIN HIDDEN TESTS",
            "\x00",
            "\ud800",
            "%%cuda x\n{",
        ]
    ),
)
NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["../../x", "q00_softmax", "q00_mean_square_test", "q00_explain", ""]),
)
FIELDS = ["cell_type", "id", "metadata", "source", "outputs", "execution_count", "attachments", "grade_id"]
FIELDS += ["points", "schema_version", "solution", "grade", "locked", "nbformat", "nbformat_minor", "cells"]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32", "cp500", "utf-7")


def some_place(notebook, choose: random.Random):
    """A random object of the notebook that has fields or items."""
    place = notebook
    while True:
        inner = place.values() if isinstance(place, dict) else place
        inner = [part for part in inner if isinstance(part, (dict, list)) and part]
        if not inner or choose.random() < 0.2:
            return place
        place = choose.choice(inner)


def set_anything(notebook, choose, value):
    """A field or an item anywhere gets a value of any type."""
    place = some_place(notebook, choose)
    if isinstance(place, dict):
        place[choose.choice([*place, *FIELDS])] = value
    else:
        place[choose.randrange(len(place))] = value


def remove_anything(notebook, choose, value):
    """A field or an item goes."""
    place = some_place(notebook, choose)
    if isinstance(place, dict):
        del place[choose.choice(list(place))]
    else:
        del place[choose.randrange(len(place))]


def move_a_cell(notebook, choose, value):
    cells = notebook["cells"]
    cells.insert(choose.randrange(len(cells)), cells.pop(choose.randrange(len(cells))))


def copy_a_cell(notebook, choose, value):
    cells = notebook["cells"]
    cells.insert(choose.randrange(len(cells)), copy.deepcopy(choose.choice(cells)))


def split_a_cell(notebook, choose, value):
    cells = notebook["cells"]
    at = choose.randrange(len(cells))
    source = cells[at]["source"]
    cut = choose.randrange(len(source) + 1)
    rest = copy.deepcopy(cells[at])
    cells[at]["source"], rest["source"] = source[:cut], source[cut:]
    cells.insert(at + 1, rest)


def join_cells(notebook, choose, value):
    cells = notebook["cells"]
    at = choose.randrange(len(cells) - 1)
    cells[at]["source"] += "\n" + cells.pop(at + 1)["source"]


def retype_a_cell(notebook, choose, value):
    choose.choice(notebook["cells"])["cell_type"] = choose.choice(["code", "markdown", "raw", "heading", "x"])


CHANGES = (set_anything, remove_anything, move_a_cell, copy_a_cell, split_a_cell, join_cells, retype_a_cell)


@st.composite
def mutants(draw) -> bytes:
    """A right submission, changed a few times in its JSON, its text and its bytes."""
    notebook = copy.deepcopy(RIGHT)
    choose = random.Random(draw(st.integers(0, 2**32)))
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
        # A change may find nothing left to change: an earlier one has removed it.
        try:
            change(notebook, choose, draw(STRANGE))
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):
            break
    cells = notebook.get("cells")
    if isinstance(cells, list) and draw(st.booleans()):
        marks = {"grade_id": draw(NAMES), "grade": True, "points": draw(STRANGE)}
        added = {"cell_type": "code", "metadata": {"nbgrader": marks}, "source": draw(SOURCES), "outputs": []}
        cells.insert(choose.randrange(len(cells) + 1), added)
    text = json.dumps(notebook, indent=draw(st.sampled_from([None, 1, 4])), ensure_ascii=draw(st.booleans()))
    data = text.encode(draw(st.sampled_from(("utf-8",) * 6 + ENCODINGS)), errors="replace")
    return draw(bytes_changed(data))


@st.composite
def bytes_changed(draw, data: bytes) -> bytes:
    """Mostly `data`; at times cut, doubled, with a byte changed or with something around it."""
    kind = draw(st.sampled_from(["same"] * 12 + ["cut", "doubled", "changed", "around", "large"]))
    at = draw(st.integers(0, len(data) - 1))
    return {
        "same": data,
        "cut": data[:at],
        "doubled": data + data,
        "changed": data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :],
        "around": draw(st.binary(max_size=20)) + data + draw(st.binary(max_size=20)),
        "large": data + b" " * 5_000_000,
    }[kind]


@pytest.fixture(scope="module")
def graded() -> Assignment:
    return Assignment.from_source(assignment.source())


def grade_and_judge(data: bytes, graded: Assignment) -> None:
    """Points within their limits or a reason, no exception, no secret."""
    with no_hang():
        result = grade_submission(data, graded, times=LIMITS)
    assert isinstance(result.reason, str)
    assert "\n" not in result.reason
    assert leaked(result) == []
    if result.reason:
        assert not any(result.points.values())
    else:
        assert result.points.keys() - {"q00_explain"} == {
            f"q00_{task}_{kind}" for task in assignment.tasks(False) for kind in ("test", "hidden")
        }
        for task in assignment.tasks(False):
            for kind, full in zip(("test", "hidden"), assignment.FULL[task], strict=True):
                points = result.points[f"q00_{task}_{kind}"]
                assert points is not None
                assert 0 <= points <= full
        assert json.loads(result.executed)["nbformat"] == 4


def the_next_is_graded_as_ever(graded: Assignment) -> None:
    right = Case("right", "a right submission")
    assert unfair(right, grade_submission(right.submission(), graded, times=LIMITS)) == []


QUIET = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]


@pytest.mark.needs("sandbox")
@given(data=mutants())
@settings(max_examples=20, suppress_health_check=QUIET)
def test_a_mutated_notebook_gets_points_or_a_reason(data, graded):
    grade_and_judge(data, graded)


@pytest.mark.slow
@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("hundred", range(5))  # so that several workers share the five hundred
@given(data=mutants())
@settings(max_examples=100, suppress_health_check=QUIET, derandomize=False)  # five hundred new ones each time
def test_each_of_a_hundred_mutants_gets_points_or_a_reason(hundred, data, graded):
    grade_and_judge(data, graded)


@pytest.mark.needs("sandbox")
@given(source=SOURCES, name=NAMES)
@settings(max_examples=10, suppress_health_check=QUIET)
def test_a_strange_cell_beside_right_answers_costs_them_nothing(source, name, graded):
    notebook = copy.deepcopy(RIGHT)
    strange = {"cell_type": "code", "id": "strange", "metadata": {"tags": [name]}, "source": source,
               "outputs": [], "execution_count": None}  # fmt: skip
    notebook["cells"].insert(0, strange)
    data = json.dumps(notebook).encode()
    result = grade_submission(data, graded, times=LIMITS)
    assert unfair(Case("strange", "a strange cell first"), result) == []


@pytest.mark.needs("sandbox")
def test_after_all_that_a_right_submission_is_graded_as_ever(graded):
    the_next_is_graded_as_ever(graded)
