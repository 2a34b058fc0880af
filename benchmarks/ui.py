"""Time from a key pressed on a demo's slider to the plot painted, in JupyterLab in a real browser.

./course bench ui                       measures, prints, writes results/ui.json
./course bench ui --screenshot FILE     also saves a picture of the demo
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.labpage import LabPage, chromium, lab
from course_lib.machine import machine
from course_lib.paths import ROOT, write_atomically

STEPS = 20
RESULT = ROOT / "benchmarks" / "results" / "ui.json"
NOTEBOOK = "q02_quantization/quantization.ipynb"

# From the key's own time stamp to the second frame after Plotly says it has drawn: by then it is on screen.
LISTEN = """() => {
    window.painted = [];
    const plot = document.querySelector('.js-plotly-plot');
    let pressed = null;
    document.addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    plot.on('plotly_afterplot', () => {
        if (pressed === null) return;
        const start = pressed;
        pressed = null;
        const note = () => window.painted.push(performance.now() - start);
        requestAnimationFrame(() => requestAnimationFrame(note));
    });
}"""


def slider_times(page: LabPage) -> list[float]:
    """Milliseconds of STEPS key presses, each to a setting that was never shown before."""
    bits, factor = page.slider("bits a weight"), page.slider("one unit scaled by")
    page.page.evaluate(LISTEN)
    times = []
    key = "ArrowLeft"
    while len(times) < STEPS:
        # Back and forth over the bits, one factor further each time: no setting comes twice.
        for handle, press in [(bits, key)] * 6 + [(factor, "ArrowRight")]:
            handle.focus()
            handle.press(press)
            page.page.wait_for_function("count => window.painted.length > count", arg=len(times))
            times.append(page.page.evaluate("window.painted.at(-1)"))
        key = "ArrowRight" if key == "ArrowLeft" else "ArrowLeft"
    return times[:STEPS]


def main() -> None:
    parser = argparse.ArgumentParser(prog="./course bench ui", description=__doc__.splitlines()[0])
    parser.add_argument("--screenshot", type=Path, help="save a picture of the demo here (PNG)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as workspace,
        lab(Path(workspace)) as address,
        sync_playwright() as playwright,
        chromium(playwright, scale=1.5) as context,
    ):
        page = LabPage(context.new_page(), address)
        page.open_notebook(NOTEBOOK)
        page.run_through("demo")
        page.page.wait_for_selector(".js-plotly-plot .gtitle")
        if options.screenshot:
            picture(page, options.screenshot)
        times = slider_times(page)
    median = statistics.median(times)
    print(f"quantization demo: median {median:.0f} ms from key to painted plot, worst {max(times):.0f} ms")
    record = {"machine": machine(), "quantization": {"median_ms": median, "times_ms": times}}
    print(f"Written: {write_atomically(RESULT, json.dumps(record, indent=1)).relative_to(ROOT)}")


def picture(page: LabPage, path: Path) -> None:
    """Save the demo as it looks at 8 bits, one scale a tensor, one unit scaled by 300; then put it back."""
    handle = page.slider("one unit scaled by")
    handle.focus()
    for _ in range(5):
        handle.press("ArrowRight")
    page.page.wait_for_function(
        "document.querySelector('.js-plotly-plot .gtitle').textContent.includes('300')"
    )
    page.page.wait_for_timeout(500)  # the colorbar is drawn after the title
    path.parent.mkdir(parents=True, exist_ok=True)
    page.page.locator(".jp-OutputArea-output .widget-vbox").first.screenshot(path=path)
    for _ in range(5):
        handle.press("ArrowLeft")
    page.page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
