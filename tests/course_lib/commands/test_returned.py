"""Handing in on the machine where it is graded, and what the student is shown of it."""

import json
import os
import stat

import pytest

from course_lib.commands import drop, returned, slips, submission, workspace
from course_lib.commands.slips import Slip, Told
from course_lib.errors import UserError

CELLS = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "mine"}]
NOTEBOOK = json.dumps({"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
NAME = "q02_quantization"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A drop folder as ./course watch makes it."""
    monkeypatch.setenv("COURSE_DROP", str(tmp_path / "drop"))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    for name in (drop.INBOUND, drop.FEEDBACK):
        (tmp_path / "drop" / name).mkdir(parents=True)
    return tmp_path / "drop"


def hand_in(tmp_path, text: bytes = NOTEBOOK) -> submission.Submission:
    notebook = tmp_path / "quantization.ipynb"
    notebook.write_bytes(text)
    packed = submission.pack(NAME, notebook, "ada", workspace.folder())
    handed_in = submission.read(packed)
    assert drop.hand_over(packed, handed_in)
    return handed_in


def put(place, handed_in, slip: Slip, page: str = "") -> None:
    ticket = slips.ticket(handed_in.receipt)
    (place / drop.FEEDBACK / f"{ticket}.json").write_text(slips.written(slip))
    if page:
        (place / drop.FEEDBACK / f"{ticket}.html").write_text(page)


def slip(state: str, **details) -> Slip:
    return Slip(NAME, "0" * 64, "2026-01-31T12:00:00Z", state, **details)


def test_a_copy_lies_in_the_drop_folder_readable_whatever_the_umask(place, tmp_path):
    before = os.umask(0o077)
    try:
        handed_in = hand_in(tmp_path)
    finally:
        os.umask(before)
    (copy,) = (place / drop.INBOUND).iterdir()
    assert submission.read(copy) == handed_in
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644


def test_two_hand_ins_of_the_same_notebook_have_different_tickets(place, tmp_path):
    first, second = hand_in(tmp_path), hand_in(tmp_path)
    assert slips.ticket(first.receipt) != slips.ticket(second.receipt)
    assert len(list((place / drop.INBOUND).iterdir())) == 2


def test_without_a_drop_folder_nothing_is_copied_and_feedback_says_how_it_comes(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DROP", raising=False)
    assert not drop.hand_over(tmp_path / "a.zip", None)
    with pytest.raises(UserError, match="your feedback comes as your course tells you"):
        returned.show(None)


def test_a_drop_folder_that_nobody_has_made_is_one_line_and_not_handed_in(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DROP", str(tmp_path / "nowhere"))
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    with pytest.raises(UserError, match="is not handed in"):
        hand_in(tmp_path)


def test_what_is_back_is_shown_with_its_page_and_hidden_tests_later(place, tmp_path, capsys):
    handed_in = hand_in(tmp_path)
    returned.show(None)
    assert "not yet taken" in capsys.readouterr().out
    tests = [Told("q02_sqnr_test", 1.0, 1.0, "all right"), Told("q02_grid_test", 0.5, 2.0, "half of it")]
    put(place, handed_in, slip(slips.BACK, tests=tests, hidden_possible=4.0, marking=True), "<p>page</p>")
    returned.show(NAME)
    said = capsys.readouterr().out
    assert "q02_grid_test: 0.5 of 2" in said
    assert "half of it" in said
    assert "all right" not in said
    assert "hidden tests: later" in said
    assert "still to mark them" in said
    assert (workspace.folder() / NAME / "feedback" / "quantization.html").read_text() == "<p>page</p>"


def test_while_the_newest_waits_an_earlier_one_that_is_back_is_shown_too(place, tmp_path, capsys):
    first = hand_in(tmp_path)
    put(place, first, slip(slips.BACK, tests=[Told("t", 1.0, 1.0, "")], hidden=2.0, hidden_possible=4.0), "1")
    second = hand_in(tmp_path)
    put(place, second, slip(slips.HELD, said="you have used your 2 attempts"))
    returned.show(None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("held (you have used your 2 attempts)")
    assert "an earlier one" in lines[1]
    assert "  hidden tests: 2 of 4" in lines


def test_a_damaged_slip_or_note_is_no_traceback(place, tmp_path):
    handed_in = hand_in(tmp_path)
    (place / drop.FEEDBACK / f"{slips.ticket(handed_in.receipt)}.json").write_text("[" * 9000)
    with pytest.raises(UserError, match="is no slip"):
        returned.show(None)
    (workspace.folder() / drop.RECORD).write_text('{"x": 3}')
    assert drop.handed_over() == {}
    with pytest.raises(UserError, match="Nothing was handed in"):
        returned.show("q01_nonlinearity")
