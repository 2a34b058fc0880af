"""What stands beside each demo's figure says so when the figure does not begin, and has it begun again."""

import pytest

from benchmarks.labpage import context
from course_lib.demos.look import FIT

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]
PAGE = """<div class='widget-vbox'>
    <div class='course-figure'><div id='figure' class='js-plotly-plot'></div></div><div id='fit'></div>
</div>"""
START = """async code => {
    const source = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    globalThis.state = { missed: 0 };
    const model = { get: name => state[name], set: (name, value) => { state[name] = value; } };
    model.save_changes = () => {};
    globalThis.end = (await import(source)).default.render({ model, el: document.getElementById("fit") });
}"""
DRAW = """() => {
    const figure = document.getElementById("figure");
    figure.data = [{}];
    figure.innerHTML = "<b class='gtitle'>8 bits: 96 %</b>";
}"""


@pytest.fixture
def page(chromium):
    """A page with a figure's place and what stands beside it, its clock in our hands."""
    with context(chromium) as fresh:
        page = fresh.new_page()
        page.clock.install(time=0)
        page.clock.pause_at(1000)  # seconds; installed alone it goes on by itself, further on a slow machine
        page.set_content(PAGE)
        yield page


def start(page) -> None:
    page.evaluate(START, FIT)


def said(page) -> str:
    return page.locator("#fit").inner_text()


def test_a_figure_that_does_not_begin_is_told_with_what_to_do_until_it_does(page):
    start(page)
    page.clock.run_for(4000)
    assert said(page) == ""
    page.clock.run_for(4000)
    assert "run this cell" in said(page)
    assert page.get_by_role("status").inner_text() == said(page)
    page.evaluate(DRAW)
    page.clock.run_for(2000)
    assert said(page) == ""


def test_of_a_figure_that_is_there_nothing_is_said(page):
    page.evaluate(DRAW)
    start(page)
    page.clock.run_for(60_000)
    assert said(page) == ""


def test_empty_axes_are_no_figure(page):
    page.evaluate(DRAW)
    page.evaluate("() => { document.getElementById('figure').data = []; }")
    start(page)
    page.clock.run_for(8000)
    assert "has not started" in said(page)


def missed(page) -> int:
    return page.evaluate("state.missed")


def test_each_beginning_of_a_figure_that_comes_to_nothing_is_told_once_and_the_next_has_longer(page):
    start(page)
    page.clock.run_for(60_000)
    assert missed(page) == 1  # the kernel is busy: no answer yet
    page.evaluate("() => figure.replaceWith(figure.cloneNode())")
    page.clock.run_for(7000)
    assert missed(page) == 1
    page.clock.run_for(4000)
    assert missed(page) == 2
    page.evaluate("() => figure.replaceWith(figure.cloneNode())")
    page.evaluate(DRAW)
    page.clock.run_for(60_000)
    assert missed(page) == 2
    assert said(page) == ""


def test_a_figure_that_is_still_loaded_is_not_begun_again(page):
    page.evaluate("() => { figure.className = ''; }")
    start(page)
    page.clock.run_for(60_000)
    assert missed(page) == 0
    assert "has not started" in said(page)


def test_a_demo_that_was_closed_tells_its_kernel_nothing_more(page):
    page.evaluate(DRAW)
    start(page)
    page.evaluate("() => new Promise(seen => new ResizeObserver(seen).observe(document.body))")
    page.evaluate("() => { end(); document.querySelector('.widget-vbox').remove(); }")
    page.clock.run_for(2000)
    assert page.evaluate("state.width") is None
