"""Draw the gallery's pictures in lectures/pictures/: each demo's first figure, as an exported page shows it.

./course demo --export DIR && .venv/bin/python -m docs.draw_demos DIR
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.labpage import chromium
from course_lib.demos import look
from course_lib.paths import ROOT, write_atomically

PICTURES = ROOT / "lectures" / "pictures"
SCALE = 0.45  # pixels of a picture per pixel of a page


def draw(folder: Path) -> None:
    """Write a PNG for each demo that has a page in `folder`."""
    with sync_playwright() as playwright, chromium(playwright, SCALE) as fresh:
        page = fresh.new_page()
        page.set_viewport_size({"width": look.NARROWEST + 40, "height": 1000})
        for path in sorted(folder.glob("*.html")):
            if path.stem == "index":
                continue
            page.goto(path.absolute().as_uri())
            page.locator(".plot[role=img]").first.wait_for()
            page.wait_for_timeout(500)  # fonts and the last layout
            figure = page.locator(".figure").first
            write_atomically(PICTURES / f"{path.stem}.png", figure.screenshot())


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
