"""The notebooks for practice at the width of a small laptop: no error, nothing cut, a link that opens."""

import pytest

from tests.notebooks import runner

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "compiler")]
# What has a scroll bar below it: the beginning of the cell it stands in, and its width and room in pixels.
TOO_WIDE = """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell *')]
    .filter(part => ['auto', 'scroll'].includes(getComputedStyle(part).overflowX))
    .filter(part => part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 2)
    .map(part => [part.closest('.jp-Cell').innerText.slice(0, 60), part.scrollWidth, part.clientWidth])"""
SHOW = "place => jupyterapp.shell.currentWidget.content.scrollToItem(place)"


@pytest.fixture
def page(same_page):
    """JupyterLab is loaded once."""
    return same_page


def open_wide(page, path: str) -> None:
    page.page.set_viewport_size({"width": 1280, "height": 900})
    page.open_instead(path)
    page.page.evaluate("jupyterapp.shell.collapseLeft()")


@pytest.mark.parametrize("source", runner.UNGRADED, ids=runner.name)
def test_it_runs_as_the_workspace_has_it_and_nothing_is_wider_than_the_page(source, page):
    open_wide(page, f"{runner.name(source)}/{source.name}")
    page.run_all(timeout_s=300)
    assert page.cell_errors() == []
    too_wide = []
    for place in range(len(runner.cells(source))):  # JupyterLab draws what can be seen
        page.page.evaluate(SHOW, place)
        page.page.wait_for_timeout(100)
        too_wide += page.page.evaluate(TOO_WIDE)
    assert too_wide == []


def test_the_ladders_link_to_the_page_on_kernels_opens_it(page):
    ladder = next(path for path in runner.UNGRADED if runner.name(path) == "cuda_ladder")
    open_wide(page, "cuda_ladder/cuda_ladder.ipynb")
    page.page.evaluate(SHOW, len(runner.cells(ladder)) - 1)
    page.page.get_by_role("link", name="Kernels, with and without a GPU").click()
    page.page.wait_for_selector(".jp-MarkdownViewer h1")
    assert page.page.evaluate("jupyterapp.shell.currentWidget.context.path") == "docs/kernels.md"
