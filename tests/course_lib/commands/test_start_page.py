"""The start page leads to every notebook, and says where the student stands in each."""

import re
from datetime import UTC, datetime

from course_lib.commands import due, progress, start_page, workspace


def test_every_notebook_is_linked_by_its_title_questions_first_and_what_is_not_graded_last(course):
    workspace.prepare()
    page = start_page.write().read_text("utf-8")
    links = [
        "[About q01_first](q01_first/work.ipynb)",
        "[About lab1_second](lab1_second/work.ipynb)",
        "## Not graded",
        "[About practice](practice/work.ipynb)",
    ]
    places = [page.index(link) for link in links]
    assert places == sorted(places)


def test_every_link_leads_to_a_file_of_the_workspace(course):
    workspace.prepare()
    links = re.findall(r"\]\(([^)]+)\)", start_page.page())
    assert len(links) == 4
    assert [link for link in links if not (course / "workspace" / link).is_file()] == []


def test_it_says_where_its_commands_run(course):
    assert f"`{course}`" in start_page.page()


def test_a_row_has_as_many_columns_as_the_head_and_only_those_in_which_something_stands(course):
    workspace.prepare()
    assert "\n- [About q01_first](q01_first/work.ipynb)\n- [About lab1" in start_page.page()  # no table yet
    due.write_due_dates(course / "notebooks", {"q01_first": datetime(2020, 1, 1, tzinfo=UTC)})
    mine = course / "workspace" / "q01_first" / "work.ipynb"
    progress.record_check("q01_first", mine.read_bytes(), 3, 4)
    rows = [line for line in start_page.page().split("\n\n")[2].splitlines() if line.startswith("|")]
    assert rows[0] == "| notebook | due | visible tests |"
    assert {row.count("|") for row in rows} == {4}
    assert rows[2].endswith("over | 3 of 4 points |")
