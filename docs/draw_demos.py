"""Draw the pictures in lectures/pictures/: of each demo the figure that is shown while it is graded.

.venv/bin/python -m docs.draw_demos [NAME…]

What each picture shows is printed, for the gallery's words instead of it.
"""

import base64
import os
import sys
from collections.abc import Iterator
from unittest import mock

import plotly.graph_objects as go
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

from benchmarks.labpage import chromium
from course_lib.commands.static_pages.lectures import cells
from course_lib.commands.static_pages.pack import plain
from course_lib.demos import look, titles
from course_lib.paths import ROOT, write_atomically

PICTURES = ROOT / "lectures" / "pictures"
WIDTH = 360  # pixels of a picture
DRAW = """figure => Plotly.newPlot("figure", figure.data, figure.layout, { staticPlot: true })"""
# Scaled as a picture: a page that is drawn so small has letters that touch.
SCALED = """async ([png, width]) => {
    const whole = new Image();
    whole.src = "data:image/png;base64," + png;
    await whole.decode();
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
    [canvas.width, canvas.height] = [width, Math.round(whole.height * width / whole.width)];
    context.imageSmoothingQuality = "high";
    context.drawImage(whole, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png").split(",")[1];
}"""


def still(name: str) -> go.Figure:
    """The first figure that a demo's page shows while it is graded."""
    shown, names = [], {}
    graded = mock.patch.dict(os.environ, NBGRADER_EXECUTION="1")
    with graded, mock.patch("IPython.display.display", lambda *what, **_: shown.extend(what)):
        for kind, source in cells(ROOT / "lectures" / f"{name}.ipynb"):
            if kind == "code" and not shown:
                exec(source, names)
    return shown[0]


def draw(demos: list[str]) -> Iterator[tuple[str, str]]:
    """Write a PNG for each demo; yields its name and what the figure found."""
    with sync_playwright() as playwright, chromium(playwright) as fresh:
        page = fresh.new_page()
        page.set_viewport_size({"width": look.NARROWEST, "height": 1000})
        for name in demos:
            figure = still(name)
            titles.follow(figure)
            layout = figure.layout.to_plotly_json()
            finding, _ = titles.taken_off(layout)
            page.set_content("<style>body { margin: 0 }</style><div id='figure'></div>")
            page.add_script_tag(content=get_plotlyjs())
            traces = [trace.to_plotly_json() for trace in figure.data]
            page.evaluate(DRAW, {"data": plain(traces), "layout": plain(layout)})
            whole = base64.b64encode(page.locator(".svg-container").screenshot()).decode()
            scaled = base64.b64decode(page.evaluate(SCALED, [whole, WIDTH]))
            write_atomically(PICTURES / f"{name}.png", scaled)
            yield name, finding


if __name__ == "__main__":
    every = sorted(path.stem for path in (ROOT / "lectures").glob("*.ipynb") if path.stem != "gallery")
    for drawn in draw(sys.argv[1:] or every):
        print(*drawn, sep="\t", flush=True)
