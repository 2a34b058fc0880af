"""A demo whose figure misses the two seconds that anywidget gives it: it is drawn, and follows its slider."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]
# The figure and what stands beside it are the first that begin. Their time is over before they are loaded.
MISSED = """
const after = AbortSignal.timeout.bind(AbortSignal);
let left = 2;
AbortSignal.timeout = milliseconds => {
    if (left-- <= 0) return after(milliseconds);
    const now = new AbortController();
    queueMicrotask(() => now.abort());
    return now.signal;
};"""


def test_a_figure_that_began_too_late_is_begun_again_and_follows_its_slider(page, workspace):
    notebook = new_notebook(cells=[new_code_cell("from course_lib import demos\ndemos.kv_cache.show()")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, workspace / "missed.ipynb")
    failures = []
    page.page.on("pageerror", lambda error: failures.append(str(error)))
    page.page.add_init_script(MISSED)
    page.open_notebook("missed.ipynb")
    page.run_all()
    title = page.page.locator(".js-plotly-plot .gtitle")
    expect(title).to_have_count(1, timeout=60e3)
    assert any("Failed to initialize" in failure for failure in failures)  # it was missed
    before = title.text_content()
    page.slider("words so far").press("ArrowRight")
    expect(title).not_to_have_text(before)
    expect(page.page.get_by_role("status")).not_to_contain_text("not started")
