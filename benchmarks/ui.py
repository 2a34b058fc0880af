"""Time from a key pressed on a demo's slider to the plot painted, in JupyterLab in a real browser.

./course bench ui                       measures every question's demo, prints, writes results/ui.json
./course bench ui --screenshots DIR     also saves a picture of each demo
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

from benchmarks.labpage import LabPage, chromium, lab
from course_lib.notebook.machine import machine
from course_lib.paths import ROOT, write_atomically

STEPS = 20
RESULT = ROOT / "benchmarks" / "results" / "ui.json"
OPPOSITE = {"ArrowLeft": "ArrowRight", "ArrowRight": "ArrowLeft"}

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
    """Milliseconds of STEPS key presses, on all sliders of the demo in turn; one at its end turns back."""
    handles = page.page.locator(".noUi-handle:visible")
    keys = ["ArrowRight"] * handles.count()
    page.page.evaluate(LISTEN)
    times: list[float] = []
    for press in range(4 * STEPS):
        turn = press % len(keys)
        handles.nth(turn).focus()
        handles.nth(turn).press(keys[turn])
        try:
            page.page.wait_for_function(
                "count => window.painted.length > count", arg=len(times), timeout=2000
            )
        except TimeoutError:
            keys[turn] = OPPOSITE[keys[turn]]
            continue
        times.append(page.page.evaluate("window.painted.at(-1)"))
        if len(times) == STEPS:
            break
    return times


def shows_a_demo(notebook: Path) -> bool:
    return '"id": "demo"' in notebook.read_text("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./course bench ui", description=__doc__.splitlines()[0])
    parser.add_argument("--screenshots", type=Path, help="save a picture of each demo in this folder (PNG)")
    options = parser.parse_args()
    record = {"machine": machine()}
    with (
        tempfile.TemporaryDirectory() as workspace,
        lab(Path(workspace)) as address,
        sync_playwright() as playwright,
        chromium(playwright, scale=1.5) as context,
    ):
        for source in filter(shows_a_demo, sorted((ROOT / "notebooks").glob("*/*.ipynb"))):
            solved = Path(workspace) / "solved" / source.name
            solved.parent.mkdir(exist_ok=True)
            shutil.copy(source, solved)
            page = LabPage(context.new_page(), address)
            page.open_notebook(f"solved/{source.name}")
            page.run_through("demo")
            page.page.wait_for_selector(".js-plotly-plot .gtitle")
            page.page.wait_for_timeout(
                2000
            )  # what a demo computes ahead, and the colorbar, come after the title
            if options.screenshots:
                options.screenshots.mkdir(parents=True, exist_ok=True)
                demo = page.page.locator(".jp-OutputArea-output .widget-vbox").first
                demo.screenshot(path=options.screenshots / f"{source.stem}_demo.png")
            times = slider_times(page)
            record[source.stem] = {"median_ms": statistics.median(times), "times_ms": times}
            median = record[source.stem]["median_ms"]
            print(f"{source.stem:24} median {median:4.0f} ms from key to plot, worst {max(times):.0f} ms")
            page.page.close()
    print(f"Written: {write_atomically(RESULT, json.dumps(record, indent=1)).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
