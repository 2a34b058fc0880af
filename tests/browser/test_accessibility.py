"""Every page can be read by everyone: by keys, by ear, on a phone, with any color vision, without a network.

Pages are judged by axe-core (which its package brings along) against WCAG 2.2 A and AA.
"""

import contextlib

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_output
from playwright.sync_api import expect

from autograder.course import Course
from autograder.preprocessors.name_tasks import tasks
from autograder.report_page import write_page
from benchmarks.labpage import LabPage, context, started
from course_lib.demos import look
from course_lib.paths import ROOT
from tests.autograder.corpus.page import rendered_by
from tests.autograder.test_feedback import solved_task
from tests.autograder.test_report import full  # noqa: F401
from tests.course_lib.demos.color_vision import contrast

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
DEMOS = sorted(path.stem for path in (ROOT / "lectures").glob("*.ipynb"))
DESK, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}
# Colors of what is written in figures; white and what is nearly so stands in bars.
TEXT_COLORS = """() => [...new Set([...document.querySelectorAll('.js-plotly-plot :is(text, tspan)')]
    .filter(text => text.textContent.trim() && text.getBoundingClientRect().width)
    .filter(text => !text.closest('.barlayer, .heatmaplayer'))
    .map(text => getComputedStyle(text).fill))]"""
# Of each control and its parts that is seen: how far it reaches beyond the page, in pixels.
BEYOND = """() => [...document.querySelectorAll('.course-demo :is(button, select, input, .noUi-handle)')]
    .map(part => part.getBoundingClientRect()).filter(place => place.width)
    .map(place => Math.max(-place.left, place.right - document.documentElement.clientWidth))"""
# Names and values of controls that are cut off.
CUT = """() => [...document.querySelectorAll('.course-demo :is(.widget-label, .widget-readout)')]
    .filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.textContent)"""
SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
# The name of what has the keyboard, the line it stands in, and the ring around it.
FOCUSED = """() => {
    const at = document.activeElement, style = getComputedStyle(at), row = at.closest('.widget-inline-hbox');
    return { name: at.getAttribute('aria-label') ?? at.innerText, ring: style.outlineStyle,
             width: parseFloat(style.outlineWidth),
             top: (row ?? at).getBoundingClientRect().top + window.scrollY };
}"""
DRAWN = ".js-plotly-plot[role=img]"
KERNEL = "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


def violations(page, within: str | None = None) -> dict[str, list[str]]:
    """What axe finds wrong on a page, or in what `within` selects: rule -> elements."""
    found = Axe().run(page, within, {"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found}


@pytest.fixture(scope="module")
def voila():
    """Address of the folder of demos as `./course demo` shows it."""
    with started("demo", "gallery") as address:
        yield address.removesuffix("gallery.ipynb")


@pytest.fixture(scope="module")
def tab(chromium, voila):
    """A page that goes from demo to demo, as a lecturer's does: it loads once what all demos share."""
    with context(chromium) as fresh:
        page = fresh.new_page()
        page.emulate_media(reduced_motion="reduce")  # what turns while a kernel starts takes time from it
        yield LabPage(page, voila)


@pytest.fixture(scope="module")
def opened(request, tab):
    """A page of that server, for all tests of its demo: they stand beside each other, in the order below.

    One that asks other machines or leaves errors, even at its end, fails.
    """
    tab.page.set_viewport_size(DESK)
    tab.page.goto(f"{tab.address}{request.param}.ipynb", wait_until="domcontentloaded", timeout=120e3)
    tab.page.locator("h1").first.wait_for(timeout=120e3)
    if request.param != "gallery":
        tab.page.locator(DRAWN).first.wait_for(timeout=120e3)
    yield tab.page
    tab.page.goto("about:blank")
    asked, errors = tab.requests_elsewhere.copy(), tab.console_errors.copy()
    tab.requests_elsewhere.clear()
    tab.console_errors.clear()
    assert asked == []
    assert errors == []


@pytest.fixture
def demo(opened):
    """The same page, as wide as a desk's."""
    opened.set_viewport_size(DESK)
    return opened


def of(name: str):
    """The demo that a test is about."""
    return pytest.mark.parametrize("opened", [name], indirect=True)


@pytest.fixture
def written(chromium, tmp_path):
    """Opens a page that is a file; one that asks for anything else fails."""
    with context(chromium) as fresh:
        page = fresh.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))

        def opened(path):
            page.goto(path.as_uri())
            return page

        yield opened
        assert [url for url in asked[1:] if not url.startswith("data:")] == []


@pytest.mark.parametrize("opened", DEMOS, indirect=True)
def test_a_demo_is_read_by_keys_by_ear_and_on_a_phone(demo):
    assert violations(demo) == {}
    colors = [rgb(color) for color in demo.evaluate(TEXT_COLORS)]
    assert [color for color in colors if contrast(color) < 4.5 and contrast(color) > 1.1] == []
    demo.set_viewport_size(PHONE)
    demo.wait_for_timeout(1000)  # for the figure to follow
    assert violations(demo) == {}
    assert demo.evaluate(SIDEWAYS) <= 0
    assert [pixels for pixels in demo.evaluate(BEYOND) if pixels > 0] == []
    assert demo.evaluate(CUT) == []
    for drawing in demo.locator(DRAWN).all():
        assert drawing.bounding_box()["width"] >= look.NARROWEST


def rgb(color: str) -> str:
    """ "#RRGGBB" of what a browser says of a color."""
    return "#" + "".join(f"{int(part):02X}" for part in color[4:-1].split(",")[:3])


@of("quantization")
def test_a_screen_reader_hears_what_a_step_changed_once_the_figure_rests(demo):
    figure, status = demo.locator(DRAWN), demo.get_by_role("status")
    slider = demo.get_by_role("slider", name="bits per weight")
    assert "8 bits" in figure.get_attribute("aria-label")
    expect(status).to_have_text("")
    slider.focus()
    slider.press("ArrowLeft")
    expect(status).to_contain_text("7 bits", timeout=60e3)
    expect(status).to_contain_text("accuracy. All units")  # a pause between finding and detail
    assert figure.get_attribute("aria-label") == status.text_content()
    assert slider.get_attribute("aria-valuetext") == "7"


@of("translation")
def test_a_player_says_what_its_buttons_do(demo):
    demo.get_by_role("button", name="Play: token").press("Enter")
    demo.get_by_role("button", name="Pause: token").press("Enter")
    repeat = demo.get_by_role("button", name="Repeat: token")
    expect(repeat).to_have_attribute("aria-pressed", "false")
    repeat.press("Enter")
    expect(repeat).to_have_attribute("aria-pressed", "true")


@of("parallelism")
def test_keys_reach_the_controls_in_the_order_in_which_they_stand_and_a_ring_shows_where(demo):
    demo.keyboard.press("Tab")  # to the link above
    stops = []
    for _ in range(6):
        demo.keyboard.press("Tab")
        stops.append(demo.evaluate(FOCUSED))
    assert [stop["name"] for stop in stops[:4]] == ["faster", "more users", "bigger model", "model"]
    assert [stop["top"] for stop in stops] == sorted(stop["top"] for stop in stops)
    assert [stop for stop in stops if stop["ring"] != "solid" or stop["width"] < 2] == []
    wishes = demo.get_by_role("group", name="I want")
    expect(wishes.get_by_role("button", name="faster")).to_have_attribute("aria-pressed", "true")
    wishes.get_by_role("button", name="more users").press("Enter")
    expect(wishes.get_by_role("button", name="faster")).to_have_attribute("aria-pressed", "false")


@of("training_memory")
def test_a_demo_that_is_left_ends_its_kernel_which_would_keep_its_memory(demo):
    name = demo.evaluate(KERNEL)
    assert runs(name)
    demo.goto("about:blank")
    for _ in range(600):
        if not runs(name):
            return
        demo.wait_for_timeout(100)
    pytest.fail("the demo's kernel has not ended")


def runs(kernel: str) -> bool:
    """Whether a process below this one is the kernel of this name."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if kernel in " ".join(process.cmdline()):
                return True
    return False


def test_the_folder_of_demos_and_a_page_that_is_not_there_ask_no_other_machine(chromium, voila):
    with context(chromium) as fresh:
        visited = LabPage(fresh.new_page(), voila)
        for address in (voila.split("/voila/")[0], f"{voila}nothing.ipynb"):
            visited.page.goto(address)
            assert violations(visited.page) == {}
        assert visited.requests_elsewhere == []


def test_the_start_page_has_nothing_that_axe_finds_wrong(page):
    page.open_start()
    assert violations(page.page, ".jp-MarkdownViewer") == {}


def test_the_feedback_page_has_nothing_that_axe_finds_wrong(written, tmp_path):
    notebook = solved_task(score=1.5)
    colors = "".join(f"\x1b[{code}m in color {code}\x1b[0m" for code in (31, 32, 93, "1;34", "38;5;28", 41))
    notebook.cells[1].outputs = [
        new_output("error", ename="AssertionError", evalue="", traceback=[colors, "x" * 300]),
        new_output("stream", name="stderr", text="a warning " * 60),
    ]
    notebook.cells[3].source += " As [LLM.int8()](https://arxiv.org/abs/2208.07339) says, $x < y$. `code`"
    path = tmp_path / "feedback.html"
    path.write_text(rendered_by("feedback", notebook, {"tasks": tasks(notebook.cells)}), "utf-8")
    page = written(path)
    assert page.locator(".ansi-red-fg, .highlight").count() >= 2
    assert violations(page) == {}


def test_the_report_page_has_nothing_that_axe_finds_wrong(written, tmp_path, full):  # noqa: F811
    page = written(write_page(Course(tmp_path), full))
    assert page.locator("svg[role=img]").count() > 3
    assert violations(page) == {}
