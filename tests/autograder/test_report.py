"""The report: what it counts, and a page that needs nothing else and hides nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import journal, plots
from autograder.grade_log import UNEXPLAINED, Change
from autograder.identical import Identical
from autograder.report import (
    ENOUGH,
    FailingTest,
    Report,
    TaskStatistics,
    discrimination,
    failing_tests,
    reasons,
    report,
    task_statistics,
)
from autograder.report_page import CHANGES_SHOWN, write_page
from autograder.report_table import show_report
from autograder.scores import CellScores
from course_lib.commands.cli import main

ASSIGNMENT = "q00_doubling"
EVIL = "<script>alert(1)</script>"


def entry(student, **values) -> journal.Entry:
    about = {"state": "graded", "reason": "", "points": {}, "messages": {}, "flags": [], "seconds": 2.0}
    at = {"at": "2026-01-01T00:00:00+00:00", "by": "eve, course grade"}
    return journal.Entry(student, ASSIGNMENT, "a" * 64, "b" * 64, **about | at | values)


@pytest.fixture
def full() -> Report:
    """A report with something in every part, and markup in every name."""
    return Report(
        assignment=ASSIGNMENT,
        submissions=3,
        not_graded=1,
        to_mark=1,
        possible=10,
        totals=[0.0, 9.5, 11.0],
        tasks=[
            TaskStatistics("q00_double", f"Q0.1: {EVIL}", 3, 1.5, 2, 1, 1, 1, 0, 0.416),
            TaskStatistics("q00_explain", "q00_explain", 3, float("nan"), float("nan"), 0, 0, 0, 3, None),
        ],
        failing=[FailingTest("q00_double_test", 2, 1, ((EVIL, 2),))],
        seconds={"ada": 0.5, EVIL: 12.0},
        flags={EVIL: ["cell 3 ended the process: killed", EVIL]},
        identical=[Identical((EVIL,), ("q00_scale",), EVIL), Identical(("ada", EVIL), ("q00_double",))],
        changes=[
            Change(f"2026-01-02T00:00:{n:02}", "ada", "", "manual_score", "1", "2", "eve") for n in range(50)
        ]
        + [Change("2026-01-03T00:00:00", "ada", "q00_double_test", "auto_score", "1", "7", UNEXPLAINED)]
        + [Change("2026-01-04T00:00:00", EVIL, "q00_explain", "manual_comment", "", EVIL, EVIL)],
    )


class Loads(HTMLParser):
    """Addresses, scripts and event handlers of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        wanted = {"src", "href", "srcset", "data", "action"}
        self.found += [(tag, name) for name, _ in attributes if name in wanted or name.startswith("on")]
        self.found += [tag] if tag in ("script", "link", "iframe", "object", "base") else []


def test_the_page_runs_nothing_loads_nothing_and_shows_what_students_wrote_as_text(course, full):
    page = write_page(course, full).read_text("utf-8")
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert "url(" not in page
    assert "@import" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 8
    assert "default-src 'none'" in page


def test_the_page_names_every_part_and_the_last_changes_by_hand(course, full):
    page = write_page(course, full).read_text("utf-8")
    for words in (
        "1 still to be marked",
        "Points by task",
        "67%",
        "cell 3 ended the process",
        "12.0 s",
        "in the library",
    ):
        assert words in page
    assert page.count("<td>manual score") == CHANGES_SHOWN - 2
    assert UNEXPLAINED in page
    assert "00:00:49" in page  # the newest are kept
    assert "00:00:05" not in page


def test_a_class_without_anything_unusual_gets_a_page_that_says_so(course, full):
    from dataclasses import replace

    calm = replace(full, failing=[], seconds={}, flags={}, identical=[], changes=[])
    page = write_page(course, calm).read_text("utf-8")
    for words in ("Every submission passes", "nothing unusual", "No two students", "Nothing was measured"):
        assert words in page
    assert "No score was changed by hand" in page


def test_the_table_shows_each_list_and_says_when_it_is_cut(full, capsys):
    from dataclasses import replace

    show_report(replace(full, flags={f"student{n}": ["was slow"] for n in range(14)}))
    printed = capsys.readouterr().out
    assert "mean 6.83, median 9.50 of 10 points" in printed.replace("\n", " ")
    assert "and 4 more, on the page" in printed
    assert "[/]" not in printed
    assert EVIL in printed


def test_what_most_were_told_is_counted_case_by_case():
    cells = [CellScores("t", 1.0, True, [1.0, 0.0, 0.5, 0.0]), CellScores("u", 1.0, True, [1.0] * 4)]
    entries = [
        entry("a", points={"t": 1.0}, messages={"t": "Not yet: nobody is told this"}),
        entry("b", points={"t": 0.0}, messages={"t": "2 of 4 checks right\n  Not yet: NaN; an empty row"}),
        entry("c", points={"t": 0.5}, messages={"t": "3 of 4 checks right\n  Not yet: NaN"}),
        entry("d", points={"t": 0.0}, messages={"t": "x" * 500}),
    ]
    (found,) = failing_tests(cells, entries)
    assert (found.test, found.failed, found.passed) == ("t", 3, 1)
    assert found.reasons[0] == ("NaN", 2)
    assert set(found.reasons[1:]) == {("an empty row", 1), ("x" * 119 + "…", 1)}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Q2.3: 2 of 3 checks right\n\n  f([1])\n    about     no error\n    expected  inf", {"no error"}),
        ("3 of 3 checks right\n\nNotImplementedError: Q2.1: f", {"NotImplementedError: Q2.1: f"}),
        ("double: 0.5 of 1 points", {"double: 0.5 of 1 points"}),
        ("", set()),
    ],
)
def test_a_reason_is_a_case_an_error_or_the_first_line(message, found):
    assert reasons(message) == found


def test_the_journal_gives_time_and_flags_of_the_last_grading(graded):
    course, outcomes = graded
    file = journal.path(course, ASSIGNMENT)
    before = file.read_bytes() if file.exists() else None
    try:
        journal.append(
            course,
            ASSIGNMENT,
            [
                entry("noisy", flags=["an old flag"], seconds=9.0),
                entry("noisy", flags=["q00_double_test was changed"], seconds=3.0),
                entry("no_json", state="failed", reason="no notebook", seconds=0.0),
            ],
        )
        found = report(course, ASSIGNMENT)
    finally:
        file.unlink() if before is None else file.write_bytes(before)
    assert found.seconds["noisy"] == 3.0
    assert found.flags["noisy"] == ["q00_double_test was changed"]
    assert found.flags["no_json"] == ["failed: no notebook"]
    assert len(found.totals) == len(outcomes) - 1
    shared = {
        cell for group in found.identical if {"noisy", "zoë"} <= set(group.students) for cell in group.cells
    }
    assert shared == {"q00_double", "q00_scale"}


def test_the_command_writes_page_and_log(graded, monkeypatch, capsys):
    course, _ = graded
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert main(["report", ASSIGNMENT]) == 0
    printed = capsys.readouterr().out
    assert "Q0.1: double" in printed
    assert str(course.exports / f"{ASSIGNMENT}.html") in printed.replace("\n", "")
    header = (course.exports / f"{ASSIGNMENT}_log.csv").read_text().splitlines()[0]
    assert header == "at,student,cell,field,old,new,by,notebook_sha256,tests_sha256"


def test_histogram_counts_every_value_once_and_refuses_those_outside():
    values = [0, 0.49, 0.5, 9.99, 10, 10]
    drawn = plots.histogram(values, plots.nice_edges(10, 20), "points")
    assert "2 from 0 to 0.5, 1 from 0.5 to 1, 3 from 9.5 to 10" in drawn
    heights = [float(h) for h in re.findall(r'height="([\d.]+)" fill', drawn)]
    assert max(heights) == heights[-1] == pytest.approx(3 * heights[1], abs=0.3)
    with pytest.raises(ValueError, match="outside"):
        plots.histogram([11], [0, 10], "points")


@pytest.mark.parametrize(
    ("largest", "bins", "last"), [(10, 20, 10), (0.3, 12, 0.3), (11, 20, 11), (7, 20, 7), (0, 5, None)]
)
def test_edges_are_round_numbers_that_reach_the_largest_value(largest, bins, last):
    edges = plots.nice_edges(largest, bins)
    assert edges[0] == 0
    assert edges[-1] >= largest
    assert len(edges) <= bins + 1
    if last is not None:
        assert edges[-1] == pytest.approx(last)


def test_a_bar_is_as_long_as_its_share():
    drawn = plots.shares([("full", 3, plots.FULL), ("none", 1, plots.NONE)], width=200)
    assert [float(width) for width in re.findall(r'<rect x="[\d.]+" width="([\d.]+)"', drawn)] == [150, 50]
    assert "3 full, 1 none" in drawn
    assert "rect" in plots.shares([("full", 0, plots.FULL)])


def test_a_task_worth_no_points_is_full_for_everybody_and_partial_for_nobody():
    (row,) = task_statistics([CellScores("q00_try_test", 0.0, True, [0.0, 0.0, None, 0.0])], {})
    assert (row.full, row.partial, row.none, row.unmarked) == (3, 0, 0, 1)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8)), min_size=ENOUGH, max_size=60)
)
def test_discrimination_is_the_correlation_with_the_sum_of_the_other_tasks(points):
    from scipy.stats import pearsonr

    own, *others = ([row[place] / 4 for row in points] for place in range(3))
    found = discrimination(own, others)
    rest = [a + b for a, b in zip(*others, strict=True)]
    if len(set(own)) == 1 or len(set(rest)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(pearsonr(own, rest)[0], abs=1e-9)


def test_discrimination_leaves_out_what_is_not_marked_and_says_nothing_of_few():
    own = [float(n) for n in range(ENOUGH)] + [None] * 5
    half_marked = [0.0] * (ENOUGH - 1) + [None] * 6
    assert discrimination(own, [half_marked]) is None
    assert discrimination(own, [half_marked, [2 * n for n in range(ENOUGH + 5)]]) == pytest.approx(1)
    assert discrimination(own[1:], [[float(n) for n in range(ENOUGH + 4)]]) is None
    rows = task_statistics(
        [CellScores("a_test", 9.0, True, own[:ENOUGH]), CellScores("b_test", 9.0, True, own[:ENOUGH][::-1])],
        {},
    )
    assert [row.discrimination for row in rows] == pytest.approx([-1, -1])
