"""Every solved notebook, run from top to bottom in JupyterLab in a real browser, as a student would.

Machines without a browser run them in tests/notebooks/test_whole.py.
"""

import shutil

import pytest
from playwright.sync_api import TimeoutError

from tests.notebooks import runner

pytestmark = [pytest.mark.needs("browser", "compiler"), pytest.mark.slow]
# The title of the plot that stands in one cell with a slider.
TITLE = "handle => handle.closest('.jp-Cell').querySelector('.js-plotly-plot .gtitle').textContent"
DRAWN = "handle => handle.closest('.jp-Cell').querySelector('.js-plotly-plot .gtitle') !== null"
CHANGED = f"([handle, before]) => ({TITLE})(handle) !== before"


@pytest.fixture
def page(same_page):
    """JupyterLab is loaded once, and each notebook opened in it in place of the one before."""
    return same_page


@pytest.mark.parametrize("source", runner.NOTEBOOKS, ids=runner.name)
def test_a_solved_notebook_shows_every_effect_without_an_error_and_its_slider_moves_the_plot(
    source, page, workspace
):
    solved = workspace / "solved" / runner.name(source) / source.name
    solved.parent.mkdir(parents=True)
    shutil.copy(source, solved)
    page.open_instead(solved.relative_to(workspace).as_posix())
    page.run_all(timeout_s=600)
    assert page.cell_errors() == []
    written = {path.stem for path in solved.parent.glob("effects/*.json")}
    assert len(written) == runner.effects(source)
    silent = [name for name, count in page.outputs().items() if not count]
    assert runner.shows_something(source).isdisjoint(silent)

    page.page.evaluate("jupyterapp.shell.currentWidget.content.scrollToItem(0)")
    handle = page.page.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    page.page.wait_for_function(DRAWN, arg=handle.element_handle(), timeout=60e3)
    before = handle.evaluate(TITLE)
    handle.focus()
    at_its_start = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemin")
    keys = ("ArrowRight", "ArrowLeft") if at_its_start else ("ArrowLeft", "ArrowRight")
    for key in 3 * keys:  # it may still be on its way to the page
        handle.press(key)
        try:
            page.page.wait_for_function(CHANGED, arg=[handle.element_handle(), before], timeout=10e3)
            return
        except TimeoutError:
            continue
    pytest.fail(f"the plot says what it said before any key: {before}")
