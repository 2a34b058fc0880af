"""Progress tells what was done to the work that is there now, and says when that work has changed since."""

import json
from datetime import UTC, datetime

import pytest

from course_lib.commands import due, progress, submission, workspace

NAME = "q01_first"
EFFECTS = 'assert_effect("grows", 2, 2)\nreport_effect("seconds", 0.1)'


def notebook(*sources: str) -> bytes:
    cells = [
        {"cell_type": kind, "id": f"c{i}", "metadata": {"nbgrader": {"grade_id": f"g{i}"}}, "source": source}
        for i, (kind, source) in enumerate([("markdown", "# First"), *[("code", text) for text in sources]])
    ]
    for cell in cells[1:]:
        cell |= {"outputs": [], "execution_count": None}
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """A student edition with one notebook, which the student has begun."""
    for module in (workspace, due):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    for place in ("notebooks", "workspace"):
        (tmp_path / place / NAME).mkdir(parents=True)
        (tmp_path / place / NAME / "first.ipynb").write_bytes(notebook("x = 1", EFFECTS))
    return tmp_path


def mine(begun):
    return begun / "workspace" / NAME / "first.ipynb"


def row():
    (found,) = progress.rows()
    return found


def test_nothing_is_claimed_of_work_that_was_not_begun(begun):
    mine(begun).unlink()
    found = row()
    assert (found.checked, found.seen, found.handed_in, found.due) == (None, None, None, None)
    assert progress.texts(found) == ("First", "", "", "", "", "")


def test_a_check_is_out_of_date_once_a_cell_reads_otherwise_and_not_when_it_is_run(begun):
    progress.record_check(NAME, mine(begun).read_bytes(), 3.5, 7)
    assert row().checked == progress.Checked(3.5, 7, changed=False)
    ran = json.loads(mine(begun).read_bytes())
    ran["cells"][1] |= {"execution_count": 4, "outputs": [{"output_type": "stream", "text": "1"}]}
    mine(begun).write_text(json.dumps(ran))
    assert not row().checked.changed
    mine(begun).write_bytes(notebook("x = 2", EFFECTS))
    assert progress.texts(row())[2] == "3.5 of 7 points, changed since"


def test_effects_count_when_they_came_out_as_the_text_says(begun):
    folder = mine(begun).parent / "effects"
    folder.mkdir()
    for name, verdict in (("grows", "NOT SEEN"), ("seconds", "reported"), ("old", "machine too busy")):
        (folder / f"{name}.json").write_text(json.dumps({"verdict": verdict}))
    (folder / "cut.json").write_text('{"verdi')
    assert (row().seen, row().effects) == (1, 2)
    assert progress.texts(row())[3] == "1 of 2"


def test_what_was_handed_in_is_the_newest_zip_and_told_against_the_due_date(begun, monkeypatch):
    due.write_due_dates(begun / "notebooks", {NAME: datetime(2020, 1, 1, tzinfo=UTC)})
    for student, text in (("ada", "x = 1"), ("eve", "x = 3")):
        mine(begun).write_bytes(notebook(text, EFFECTS))
        with monkeypatch.context() as patch:
            patch.setattr(submission, "datetime", _Clock("2019-12-31" if student == "ada" else "2020-01-03"))
            submission.pack(NAME, mine(begun), student, workspace.folder())
    (begun / "workspace" / f"{NAME}-junk.zip").write_bytes(b"no zip")
    found = row()
    assert found.handed_in.submitted == datetime(2020, 1, 3, tzinfo=UTC)
    assert not found.handed_in.changed
    assert "2 days late" in progress.texts(found)[4]
    assert progress.texts(found)[1].endswith(", over")
    mine(begun).write_bytes(notebook("x = 4", EFFECTS))
    assert progress.texts(row())[4].endswith("changed since")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"q01_first": 3}', '{"q01_first": {"points": "7"}}'])
def test_a_damaged_record_is_as_if_nothing_was_checked(begun, text):
    (begun / "workspace" / progress.RECORD).write_text(text)
    assert row().checked is None
    progress.record_check(NAME, mine(begun).read_bytes(), 1, 7)
    assert row().checked.points == 1


def test_columns_in_which_nothing_stands_are_left_out(begun, capsys):
    progress.print_progress()
    printed = capsys.readouterr().out
    assert "First" in printed
    assert "handed in" not in printed
    assert "./course check" in printed


class _Clock:
    """datetime whose now() is the midnight of one day."""

    def __init__(self, day):
        self._day = datetime.fromisoformat(f"{day}T00:00:00+00:00")

    def now(self, zone):
        return self._day.astimezone(zone)

    def __getattr__(self, name):
        return getattr(datetime, name)
