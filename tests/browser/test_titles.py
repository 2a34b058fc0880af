"""Titles of figures in a real browser: whole on a small screen, and at a zoom of 200 %."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]
FIGURE = """
import plotly.graph_objects as go
from course_lib import demos
from course_lib.demos import look
figure = go.Figure(go.Scatter(y=[1, 3, 2]))
look.finish(figure, "At 4 bits the accuracy falls from 96 % to 45 % " * 3, "of three networks " * 12)"""
DEMO = "demos.kv_cache.show()"
# Of each title: how far its letters reach beyond its figure and beyond what is seen of its cell, in pixels.
BEYOND = """() => [...document.querySelectorAll('.jp-OutputArea-output p, .gtitle')].map(title => {
    const range = document.createRange();
    range.selectNodeContents(title);
    const letters = title.tagName === 'P' ? range.getBoundingClientRect() : title.getBoundingClientRect();
    const place = title.closest('.main-svg, .jp-OutputArea-output').getBoundingClientRect();
    const cell = title.closest('.jp-OutputArea-output').getBoundingClientRect();
    return [letters.right - place.right, letters.right - cell.right, place.left - letters.left];
})"""
WHOLE = f"() => (({BEYOND})()).every(title => title.every(pixels => pixels <= 0))"


@pytest.fixture
def page(same_page):
    """JupyterLab is loaded once."""
    return same_page


@pytest.mark.parametrize("width", [1280, 640], ids=["1280 pixels", "zoom 200 %"])
def test_every_title_is_whole(page, workspace, width):
    notebook = new_notebook(cells=[new_code_cell(source) for source in (FIGURE, DEMO)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, workspace / "titles.ipynb")
    page.page.set_viewport_size({"width": width, "height": 900})
    page.open_instead("titles.ipynb")
    page.run_all()
    assert page.cell_errors() == []
    page.page.wait_for_selector(".gtitle")
    page.page.wait_for_function(WHOLE, timeout=30e3)
    assert len(page.page.evaluate(BEYOND)) == 3
    assert page.page.locator(".modebar").count() == 0
    step = page.page.locator(".noUi-handle").first
    step.focus()
    for _ in range(3):  # to a word with a longer title
        step.press("ArrowRight")
    page.page.wait_for_function(WHOLE, timeout=30e3)
