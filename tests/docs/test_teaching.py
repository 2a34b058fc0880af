"""The pages for those who teach say what the notebooks say: minutes, answers, mark schemes."""

import json
import re

import pytest

from course_lib.commands import workspace
from course_lib.paths import ROOT
from docs import write_answers

TEXT = (ROOT / "docs" / "teaching.md").read_text("utf-8")
ROWS = re.findall(r"^\| \[([^\]]+)\]\(\.\./notebooks/([^)]+)\) \| (\d+) \|[^|]*\|([^|]*)\|", TEXT, re.M)
WEEKS = re.findall(r"^\| ([\d and]+) \| ([a-z\d, ]+) \| (\d+) \|$", TEXT, re.M)


def first_cell(path):
    return "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])


@pytest.mark.parametrize(("name", "path", "minutes", "demos"), ROWS)
def test_the_minutes_are_those_of_the_notebook_and_the_demos_are_there(name, path, minutes, demos):
    assert re.search(r"(\d+) minutes", first_cell(ROOT / "notebooks" / path))[1] == minutes
    assert all((ROOT / "lectures" / f"{demo}.ipynb").exists() for demo in re.findall(r"\w+", demos))


def test_every_graded_notebook_has_a_row():
    assert {path.split("/")[0] for _, path, _, _ in ROWS} - {"cuda_ladder"} == set(workspace.assignments())


@pytest.mark.parametrize(("week", "names", "minutes"), WEEKS)
def test_the_minutes_of_a_week_are_those_of_its_notebooks(week, names, minutes):
    known = {name.lower().removeprefix("cuda "): int(found) for name, _, found, _ in ROWS}
    assert sum(known[name] for name in names.split(", ")) == int(minutes)


def test_the_weeks_of_each_way_are_counted_without_a_gap():
    found = [int(number) for week, _, _ in WEEKS for number in re.findall(r"\d+", week)]
    assert found == [*range(1, 7), *range(1, 11), *range(1, 15)]


def test_the_answers_are_what_the_notebooks_say_now():
    assert write_answers.PAGE.read_text("utf-8") == write_answers.page(), (
        "run .venv/bin/python -m docs.write_answers"
    )
