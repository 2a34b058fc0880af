"""What a step of each demo's slider costs in JupyterLab in a real browser, from the key to the plot painted.

./course bench ui                       measures every demo, prints, writes results/ui.json
./course bench ui quantization          only this one, and writes nothing
./course bench ui --screenshots DIR     also saves a picture of each demo

Beside the time by the clock stands the processor's, which other programs hardly change: of the kernel, and of
the page's main thread. Where both have nothing to wait for, their sum is the time that a step takes.
"""

import argparse
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from playwright.sync_api import sync_playwright

from benchmarks.labpage import LabPage, chromium, lab
from course_lib.notebook.machine import machine
from course_lib.paths import ROOT, write_atomically

STEPS = 20
LONGEST = 2000  # milliseconds after a key; then it was one that moves nothing, as at a slider's end
RESTS = 150  # milliseconds after a step, in which kernel and page end what they still do for it
RESULT = ROOT / "benchmarks" / "results" / "ui.json"
SLIDERS, LISTS = ".noUi-handle:visible", ".course-demo select:visible"
OPPOSITE = {
    "ArrowLeft": "ArrowRight",
    "ArrowRight": "ArrowLeft",
    "ArrowUp": "ArrowDown",
    "ArrowDown": "ArrowUp",
}

# From the key's own time stamp to the second frame after Plotly says it has drawn: by then it is on screen.
LISTEN = """longest => {
    const plot = document.querySelector('.js-plotly-plot');
    let pressed = null, answer = null;
    document.addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    plot.on('plotly_afterplot', () => {
        if (pressed === null || answer === null) return;
        const start = pressed, done = answer;
        pressed = answer = null;
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
    });
    window.listen = () => {
        window.painted = new Promise(resolve => { answer = resolve; setTimeout(resolve, longest, null); });
    };
}"""


class Clocks:
    """Processor milliseconds so far of a notebook's kernel and of its page's main thread."""

    def __init__(self, page):
        kernel = page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")
        self._kernel = next(
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if any(kernel in word for word in process.info["cmdline"] or ())
        )
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read(self) -> tuple[float, float]:
        # The number that clock_getcpuclockid(3) has for another process: in Linux, not in Python.
        kernel = time.clock_gettime(~self._kernel << 3 | 2)
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        page = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        return 1e3 * kernel, 1e3 * page


def steps(page) -> list[dict[str, float]]:
    """Milliseconds of STEPS key presses, on all sliders of the demo in turn; one at its end turns back.

    A demo without sliders is moved by its lists.
    """
    handles, keys = page.locator(SLIDERS), ["ArrowRight"] * page.locator(SLIDERS).count()
    if not keys:
        handles, keys = page.locator(LISTS), ["ArrowDown"] * page.locator(LISTS).count()
    page.evaluate(LISTEN, LONGEST)
    clocks, found = Clocks(page), []
    for press in range(4 * STEPS):
        turn = press % len(keys)
        handles.nth(turn).focus()
        page.evaluate("window.listen()")
        page.wait_for_timeout(RESTS)
        before = clocks.read()
        handles.nth(turn).press(keys[turn])
        if (wall := page.evaluate("window.painted")) is None:
            keys[turn] = OPPOSITE[keys[turn]]
            continue
        page.wait_for_timeout(RESTS)
        kernel, drawing = (after - start for after, start in zip(clocks.read(), before, strict=True))
        found.append({"wall": wall, "kernel": kernel, "page": drawing, "both": kernel + drawing})
        if len(found) == STEPS:
            break
    return found


def demos() -> dict[str, str]:
    """What the lectures show: a demo's name, and the code that shows it."""
    code = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "lectures").glob("*.ipynb")))
    return {name: f"demos.{name}.show()" for name in re.findall(r"demos\.([\w.]+)\.show\(\)", code)}


def write(code: str, notebook: Path) -> None:
    cell = nbformat.v4.new_code_cell(f"from course_lib import demos\n{code}")
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), notebook)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./course bench ui", description=__doc__.splitlines()[0])
    parser.add_argument("demo", nargs="*", choices=[[], *demos()], help="which (default: all)")
    parser.add_argument("--screenshots", type=Path, help="save a picture of each demo in this folder (PNG)")
    options = parser.parse_args()
    record = {"machine": machine()}
    print(f"{'medians in ms':22} {'by the clock':>12} {'kernel':>7} {'page':>6} {'both':>6}")
    with (
        tempfile.TemporaryDirectory() as workspace,
        lab(Path(workspace)) as address,
        sync_playwright() as playwright,
        chromium(playwright, scale=1.5) as context,
    ):
        for name, code in demos().items():
            if options.demo and name not in options.demo:
                continue
            write(code, Path(workspace) / f"{name}.ipynb")
            page = LabPage(context.new_page(), address)
            page.open_notebook(f"{name}.ipynb")
            page.run_all()
            page.page.wait_for_selector(".js-plotly-plot .gtitle")
            # What a demo computes ahead, and the colorbar, come after the title.
            page.page.wait_for_timeout(2000)
            if options.screenshots:
                options.screenshots.mkdir(parents=True, exist_ok=True)
                page.page.locator(".course-demo").screenshot(path=options.screenshots / f"{name}_demo.png")
            if found := steps(page.page):
                medians = {part: statistics.median(step[part] for step in found) for part in found[0]}
                record[name] = {"median_ms": medians, "steps_ms": found}
                numbers = "{wall:12.0f} {kernel:7.0f} {page:6.0f} {both:6.0f}".format(**medians)
                print(f"{name:22} {numbers}", flush=True)
            page.shut_down()
            page.page.close()
    if not options.demo:
        print(f"Written: {write_atomically(RESULT, json.dumps(record, indent=1)).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
