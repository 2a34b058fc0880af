"""Every solved notebook, run from top to bottom in JupyterLab in a real browser."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

pytestmark = [pytest.mark.needs("browser", "compiler"), pytest.mark.slow]
CHANGED = "before => document.querySelector('.js-plotly-plot .gtitle').textContent !== before"
SOURCES = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*/*.ipynb"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_solved_notebook_runs_without_an_error_and_its_slider_moves_the_plot(source, page, workspace):
    solved = workspace / "solved" / source.name
    solved.parent.mkdir(exist_ok=True)
    shutil.copy(source, solved)
    page.open_notebook(f"solved/{source.name}")
    page.run_all()
    assert page.cell_errors() == []

    page.page.evaluate("jupyterapp.shell.currentWidget.content.scrollToItem(0)")
    handle = page.page.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    before = page.plot_title()
    handle.focus()
    for key in 3 * ("ArrowLeft", "ArrowRight"):  # it may stand at one end, or still be on its way to the page
        handle.press(key)
        try:
            page.page.wait_for_function(CHANGED, arg=before, timeout=10e3)
            return
        except TimeoutError:
            continue
    pytest.fail(f"the plot says what it said before any key: {before}")
