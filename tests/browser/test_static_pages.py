"""The exported demos as a stranger opens them: in a folder, on a phone, offline, equal to the live ones."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.labpage import context
from course_lib.commands.static_pages import lectures, pages
from course_lib.demos import look
from course_lib.paths import ROOT
from course_lib.seeds import stream
from tests.browser.test_accessibility import DESK, PHONE, SIDEWAYS, violations
from tests.course_lib.commands.static_pages.unpacking import differences, read, unpacked

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]
LECTURES = ROOT / "lectures"
DEMOS = sorted(path.stem for path in LECTURES.glob("*.ipynb") if path.stem != pages.GALLERY)
MOST = 15e6  # bytes of all files, compressed
STATES = 50
# The numbers of what is drawn; plotly writes defaults beside them.
DRAWN = "() => document.querySelector('.plot').data.map(({ x, y, z }) => [x ?? null, y ?? null, z ?? null])"
UNPACKED = "place => unpacked({ $: place })"


@pytest.fixture(scope="module")
def tab(chromium):
    """A page that goes from demo to demo: it compiles plotly once, which is most of what a visit takes."""
    with context(chromium) as fresh:
        yield fresh.new_page()


@pytest.fixture
def visit(tab, exported):
    """Opens an exported page; one that leaves errors or asks for what is not in the folder fails."""
    asked, errors = [], []
    heard = {
        "request": lambda request: asked.append(request.url),
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda said: errors.append(said.text) if said.type == "error" else None,
    }
    for event, listener in heard.items():
        tab.on(event, listener)
    tab.set_viewport_size(DESK)

    def opened(name: str):
        tab.goto((exported.folder / f"{name}.html").as_uri())
        return tab

    yield opened
    for event, listener in heard.items():
        tab.remove_listener(event, listener)
    inside = exported.folder.as_uri()
    assert [url for url in asked if not url.startswith((inside, "data:"))] == []
    # axe tells that it may not read the style sheet by itself, which a file is never allowed
    assert [error for error in errors if "page.css" not in error and "ERR_FAILED" not in error] == []


def test_all_of_it_is_less_than_fifteen_megabytes_on_its_way(exported):
    assert exported.compressed < MOST
    assert exported.demos == len(DEMOS)
    assert len(list(exported.folder.rglob("plotly*.js"))) == 1


def test_fifty_states_are_what_the_live_demo_shows_there(exported):
    random = stream("tests", "static pages")
    chosen = sorted(random.choice(len(DEMOS), STATES).tolist())
    live, wrong = {}, []
    for name in (DEMOS[i] for i in chosen):
        values, demos = read(exported.folder / f"{name}.js")
        number = int(random.integers(len(demos)))
        demo, opened = demos[number], live.setdefault(name, {})
        if not opened:
            opened["stages"] = lectures.stages(LECTURES / f"{name}.ipynb")
            opened["open"] = [open_() for open_ in opened["stages"]]
        stage = opened["open"][number]
        if stage.train or stage.texts:  # what was trained or typed before would be seen
            stage = opened["stages"][number]()
        shown = unpacked({"$": move(stage, demo, random)}, values)
        layout = stage.figure.layout.to_plotly_json()
        assert layout["meta"]["title"]["text"].startswith(shown["finding"])
        traces = [trace.to_plotly_json() for trace in stage.figure.data]
        for trace in traces:
            trace.pop("uid", None)
        wrong += differences(traces, shown["data"], f"{name} {number}")
        for part in ("annotations", "xaxis", "yaxis", "shapes"):
            wrong += differences(layout.get(part, []), shown["layout"].get(part, []), f"{name} {part}")
    assert wrong == []


def move(stage, demo: dict, random) -> int:
    """Move the live controls to a state of the page, drawn at random; returns the place of its figure."""
    node, views = demo["tree"], []
    for control in stage.controls:
        place = int(random.integers(len(node["c"])))
        if control.kind in ("check", "press"):
            wanted = place
        else:
            wanted = control.labels.index(demo["options"][node["o"]][place])
        if stage.train and control.name in ("epoch", "training step"):
            views.append((control, wanted))
        else:
            control.set(wanted)
        node = node["c"][place]
    if stage.train:
        if not stage.train.disabled:
            stage.learn()
        for control, wanted in views:
            control.set(wanted)
    return node


@pytest.mark.parametrize("name", ["index", *DEMOS])
def test_a_page_is_read_by_keys_by_ear_and_on_a_phone(name, visit):
    page = visit(name)
    if name == "index":
        assert page.locator("img").count() == len(DEMOS)
        loaded = "() => [...document.images].every(one => one.complete && one.naturalWidth > 100)"
        page.wait_for_function(loaded)
    else:
        page.locator(".plot[role=img]").first.wait_for()
        assert page.locator(".plot .main-svg").count() >= page.locator(".plot").count()
    assert violations(page) == {}
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(500)
    assert violations(page) == {}
    assert page.evaluate(SIDEWAYS) <= 0
    for plot in page.locator(".plot").all():
        assert plot.bounding_box()["width"] >= look.NARROWEST


def test_a_key_moves_the_figure_to_the_state_that_was_computed_and_is_heard(visit, exported):
    page = visit("quantization")
    slider, status = page.get_by_role("slider", name="bits per weight"), page.get_by_role("status")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.locator(".finding")).to_contain_text("7 bits")
    expect(status).to_contain_text("7 bits")
    assert slider.get_attribute("aria-valuetext") == "7"
    page.get_by_role("combobox", name="one scale per").select_option("channel")
    expect(page.locator(".finding")).to_contain_text("7 bits, one scale per channel")
    values, (demo,) = read(exported.folder / "quantization.js")
    channel = page.get_by_role("combobox", name="one scale per").evaluate("it => it.selectedIndex")
    place = demo["tree"]["c"][5]["c"][channel]["c"][0]
    figure = unpacked({"$": place}, values)
    assert page.evaluate(UNPACKED, place) == figure
    assert page.evaluate(DRAWN) == [[trace.get(name) for name in "xyz"] for trace in figure["data"]]


def test_another_choice_brings_a_slider_of_its_own_length(visit):
    page = visit("autodiff")
    visits = page.get_by_role("slider", name="visits")
    most = int(visits.get_attribute("max"))
    page.get_by_label("formula").select_option(index=1)
    page.get_by_role("radio", name="recursion").check()
    expect(visits).not_to_have_attribute("max", str(most))
    visits.press("End")
    expect(page.locator(".detail")).to_have_text(re.compile(r"after (\d+) of \1 visits"))


def test_a_player_goes_to_the_end_and_stops(visit):
    page = visit("kv_cache")
    slider = page.get_by_role("slider", name="words so far")
    slider.press("End")
    for _ in range(3):
        slider.press("ArrowLeft")
    page.get_by_role("button", name="Play: words so far").press("Enter")
    expect(page.get_by_role("button", name="Pause: words so far")).to_have_count(1)
    expect(slider).to_have_value(slider.get_attribute("max"))
    expect(page.get_by_role("button", name="Play: words so far")).to_have_count(1)
