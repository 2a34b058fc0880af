"""A student in a real browser: the start page, the notebook, the demo by mouse and by keyboard."""

import shutil

import pytest
from playwright.sync_api import expect

from course_lib.commands.workspace import student_version

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "compiler")]
NOTEBOOK = "untouched/quantization.ipynb"


@pytest.fixture
def page(same_page):
    """JupyterLab is loaded once."""
    return same_page


@pytest.fixture
def untouched(workspace):
    """A student version that no other test of the same JupyterLab works on."""
    copy = workspace / NOTEBOOK
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(student_version("q02_quantization"), copy)


def test_the_start_page_leads_to_the_notebook_and_its_demo_follows_mouse_and_keyboard(page, untouched):
    asked = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.open_start()
    page.page.get_by_role("link", name="Question 2").click()
    page.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")

    page.open_notebook(NOTEBOOK)
    # Whether JupyterLab should be built again would be asked at each load, and npm's settings with it.
    assert [url for url in asked if "/lab/api/build" in url] == []
    page.run_through("demo")
    assert page.cell_errors() == []
    title = page.page.locator(".js-plotly-plot .gtitle").first
    expect(title).to_contain_text("8 bits")

    handle = page.slider("bits per weight")
    handle.focus()
    handle.press("ArrowLeft")
    expect(title).to_contain_text("7 bits")
    handle.press("ArrowRight")
    expect(title).to_contain_text("8 bits")

    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x - 1000, y, steps=12)
    page.page.mouse.up()
    expect(title).to_contain_text("2 bits")

    granularity = page.page.get_by_label("one scale per", exact=True)
    granularity.focus()
    granularity.press("ArrowDown")  # JupyterLab has this key for its cells
    expect(title).to_contain_text("one scale per channel")


def test_an_unwritten_task_stops_its_test_with_the_tasks_name(page, untouched):
    page.open_instead(NOTEBOOK)
    page.run_through("affine-params-test")
    (error,) = page.cell_errors()
    assert error.startswith("NotImplementedError: Q2.1: affine_params")
