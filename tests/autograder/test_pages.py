"""Pages that nbconvert makes with the course's settings show a student's text and run none of it."""

from types import SimpleNamespace

import pytest

from tests.autograder.corpus.hostile_browser import EVERYTHING, FORMS
from tests.autograder.corpus.page import RESOURCES, TEMPLATES, active, rendered_by

PAYLOAD = "steal@MARK@"


def notebook(*cells):
    from nbformat.v4 import new_notebook

    return new_notebook(cells=list(cells))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_no_script_of_a_text_cell_runs_in_any_template(template, kind):
    from nbformat.v4 import new_markdown_cell, new_raw_cell

    cell = (new_markdown_cell if kind == "markdown" else new_raw_cell)(EVERYTHING)
    cell.metadata["nbgrader"] = {"grade_id": "answer", "solution": True, "grade": True, "points": 3,
                                 "locked": False, "task": False, "schema_version": 3}  # fmt: skip
    assert active(rendered_by(template, notebook(cell)), PAYLOAD) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_markdown_is_still_markdown(template):
    from nbformat.v4 import new_markdown_cell

    picture = {"x.png": {"image/png": "iVBORw0KGgo="}}
    text = "# Squares\n\n**bold** and $a < b$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![plot](attachment:x.png)"
    page = rendered_by(template, notebook(new_markdown_cell(text, attachments=picture)))
    # JupyterLab's template makes all of it safe once more, and so leaves of a formula its text.
    formula = "&lt;" if template == "lab" else "<mo>&lt;</mo>"
    for part in ("Squares</h1>", "<strong>bold</strong>", formula, "<td>1</td>", "base64,iVBORw0KGgo="):
        assert part in page


def test_formgrader_itself_takes_these_settings(course, monkeypatch):
    """Its own exporter, made as its server makes it in the folder of a course."""
    from nbformat.v4 import new_markdown_cell
    from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

    monkeypatch.chdir(course.root)
    extension = FormgradeExtension()
    extension.root_dir = str(course.root)
    extension.initialize([])
    server = SimpleNamespace(settings={})
    extension.init_tornado_settings(server)
    exporter = server.settings["nbgrader_exporter"]
    page, _ = exporter.from_notebook_node(notebook(new_markdown_cell(EVERYTHING)), dict(RESOURCES))
    assert exporter.template_name == "formgrade"
    assert active(page, PAYLOAD) == []


def test_a_picture_that_is_not_there_costs_nobody_the_page():
    from nbformat.v4 import new_markdown_cell

    page = rendered_by(
        "formgrade", notebook(new_markdown_cell("before ![a plot](attachment:gone.png) after"))
    )
    assert "before a plot after" in page


@pytest.mark.parametrize("form", FORMS)
def test_the_search_for_scripts_finds_each_form_in_a_page_that_was_not_cleaned(form):
    assert active(f"<html><body>{form}</body></html>", PAYLOAD)


def test_a_link_in_a_formula_counts_unless_mathjax_is_loaded_with_its_safe_extension():
    formula = f"$$\\href{{javascript:{PAYLOAD}()}}{{x}}$$"
    loaded = '<script src="https://example.org/mathjax/2.7.7/latest.js?config=TeX-AMS_CHTML-full{}"></script>'
    assert active(formula + loaded.format(""), PAYLOAD)
    assert active(formula + loaded.format(",Safe"), PAYLOAD) == []
