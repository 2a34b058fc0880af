"""Pages and graded notebooks are made in a limited process, as nbconvert makes them, or a reason."""

import os
import shutil
from types import SimpleNamespace

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from traitlets.config import Config

from autograder import exporting
from autograder.exporting import NotebookElsewhere, PageElsewhere, ShownElsewhere
from autograder.limited import Failed, Limit
from tests.autograder.corpus.page import RESOURCES

ASSIGNMENT = "q00_doubling"
ESCAPES = "\x1b]52;c;x\x07 and\nmore"


@pytest.fixture
def place(tmp_path):
    """autograded/mal/q00_doubling/doubling.ipynb, which would leave a file behind if it were run."""
    path = tmp_path / "autograded" / "mal" / ASSIGNMENT / "doubling.ipynb"
    path.parent.mkdir(parents=True)
    cells = [new_code_cell(f"open({str(tmp_path / 'was_run')!r}, 'w')", id="a")]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture
def formgrader(course, monkeypatch):
    """The exporter of formgrader's pages, as its server makes it in the folder of a course."""
    monkeypatch.chdir(course.root)
    extension = FormgradeExtension()
    extension.root_dir = str(course.root)
    extension.initialize([])
    server = SimpleNamespace(settings={})
    extension.init_tornado_settings(server)
    return server.settings["nbgrader_exporter"]


def test_a_page_of_formgrader_is_what_its_own_exporter_makes(formgrader, graded):
    course, _ = graded
    path = course.notebook("autograded", "reference", ASSIGNMENT)
    assert type(formgrader) is ShownElsewhere
    page, _ = formgrader.from_filename(str(path), dict(RESOURCES))
    page, ours = page.split("\n<style>\n  .mark-item")
    assert ours.rstrip().endswith("</html>")
    expected, _ = formgrader.from_notebook_node(
        nbformat.read(path, as_version=4),
        RESOURCES | {"metadata": {"name": "doubling", "path": str(path.parent)}},
    )
    assert page.rstrip() == expected.rstrip().removesuffix("</html>").rstrip()
    assert "words" in page  # what our own step for formgrader adds


def test_the_page_knows_the_remarks_made_on_others_and_they_stay_text(formgrader, graded, monkeypatch):
    course, _ = graded
    evil = "</script><script>alert(1)</script>"
    monkeypatch.setattr(exporting, "remarks", lambda *_: {"q00_explain": [evil]})
    path = course.notebook("autograded", "reference", ASSIGNMENT)
    page, _ = formgrader.from_filename(str(path), dict(RESOURCES))
    assert "alert(1)" in page
    assert evil not in page


def test_a_page_is_made_without_running_the_notebook(formgrader, place, tmp_path):
    assert any(type(step).__name__ == "ExecutePreprocessor" for step in formgrader._preprocessors)
    page, _ = formgrader.from_filename(str(place), dict(RESOURCES))
    assert "was_run" in page
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "junk", "deep", "empty", "nothing"])
def test_where_there_is_no_page_formgrader_says_why_in_one_line(place, kind):
    data = place.read_bytes()
    place.unlink()
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        (place.parent / "other").write_bytes(data)
        place.symlink_to("other")
    elif kind == "folder":
        place.mkdir()
    elif kind != "nothing":
        place.write_bytes({"junk": b"\xff\xfe<script>", "deep": b"[" * 1_000_000, "empty": b""}[kind])
    page, _ = ShownElsewhere().from_filename(str(place), {})
    assert "doubling.ipynb cannot be shown: " in page
    assert "<script" not in page
    assert "\n" not in page


@pytest.mark.slow
def test_a_page_that_takes_too_long_ends_its_process_and_not_the_server(place, monkeypatch):
    nbformat.write(new_notebook(cells=[nbformat.v4.new_markdown_cell("[" * 300_000)]), place)
    monkeypatch.setattr(PageElsewhere, "limit", Limit(3, 4 << 30))
    with pytest.raises(Failed, match="it took more than 3 seconds"):
        PageElsewhere().from_filename(str(place), {})
    page, _ = ShownElsewhere().from_filename(str(place), {})
    assert "cannot be shown: the process that read it had to be ended: it took more than 3 seconds." in page


def test_what_comes_back_is_a_text_or_an_error(place, monkeypatch):
    for answer in (None, 3, {}, [b"bytes"], ["text", 3], "text", []):
        monkeypatch.setattr(exporting, "ask", lambda *_, answer=answer: answer)
        with pytest.raises(Failed, match="something else than a text"):
            PageElsewhere().from_filename(str(place), {})
    monkeypatch.setattr(exporting, "ask", lambda *_: ["half \ud800", "a warning"])
    text, resources = PageElsewhere().from_filename(str(place), {"unique_key": "doubling", "outputs": {}})
    assert text == "half ?"
    assert resources == {"unique_key": "doubling", "outputs": {}, "output_extension": ".html"}


def test_no_file_comes_back_beside_the_text(place):
    """nbconvert's writer would write whatever names the steps of an export put into the resources."""
    config = Config(
        {"HTMLExporter": {"preprocessors": ["nbconvert.preprocessors.ExtractOutputPreprocessor"]}}
    )
    picture = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    nbformat.write(new_notebook(cells=[new_code_cell("x", outputs=[picture])]), place)
    notebook = nbformat.read(place, as_version=4)
    assert HTMLExporter(config=config).from_notebook_node(notebook, {"unique_key": "x"})[1]["outputs"]
    assert "outputs" not in PageElsewhere(config=config).from_filename(str(place), {"unique_key": "x"})[1]


def test_settings_reach_the_process_but_for_what_is_made_in_a_file_of_settings(place):
    config = Config({"HTMLExporter": {"exclude_input": True}, "Other": {"hook": lambda: None}})
    page, _ = PageElsewhere(config=config).from_filename(str(place), {})
    assert "was_run" not in page
    assert "was_run" in PageElsewhere().from_filename(str(place), {})[0]


def test_a_notebook_handed_in_is_read_as_grading_reads_it_and_any_other_as_it_is(place, tmp_path):
    notebook = nbformat.read(place, as_version=4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="an old output")]
    nbformat.write(notebook, place)
    handed_in = tmp_path / "submitted" / "mal" / ASSIGNMENT / "doubling.ipynb"
    handed_in.parent.mkdir(parents=True)
    shutil.copy(place, handed_in)
    handed_in.write_bytes(handed_in.read_text().encode("utf-16"))
    assert "an old output" in NotebookElsewhere().from_filename(str(place), {})[0]
    text, _ = NotebookElsewhere().from_filename(str(handed_in), {})
    assert "an old output" not in text
    assert nbformat.reads(text, as_version=4).cells[0].source == notebook.cells[0].source


def test_warnings_come_back_few_and_without_what_a_terminal_obeys(place, caplog, monkeypatch):
    monkeypatch.setattr(exporting, "ask", lambda *_: ["text", ESCAPES])
    exporter = NotebookElsewhere()
    heard = exporting._Heard()
    exporter.log.addHandler(heard)
    try:
        exporter.from_filename(str(place), {})
        for number in range(1000):
            exporter.log.warning("%s", str(number) + "x" * 10_000)
    finally:
        exporter.log.removeHandler(heard)
    assert heard.warnings[0] == r"\x1b]52;c;x\x07 and\nmore"
    assert len(heard.warnings) == exporting.MOST_WARNINGS
    assert max(map(len, heard.warnings)) == exporting.MOST_CHARACTERS
