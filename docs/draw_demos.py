"""Draw the gallery's pictures in lectures/pictures/: each demo's first figure, as an exported page shows it.

./course demo --export DIR && .venv/bin/python -m docs.draw_demos DIR
"""

import base64
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.labpage import chromium
from course_lib.demos import look
from course_lib.paths import ROOT, write_atomically

PICTURES = ROOT / "lectures" / "pictures"
WIDTH = 360  # pixels of a picture
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


def draw(folder: Path) -> None:
    """Write a PNG for each demo that has a page in `folder`."""
    with sync_playwright() as playwright, chromium(playwright) as fresh:
        page = fresh.new_page()
        page.set_viewport_size({"width": look.NARROWEST + 40, "height": 1000})
        for path in sorted(folder.glob("*.html")):
            if path.stem == "index":
                continue
            page.goto(path.absolute().as_uri())
            page.locator(".plot[role=img]").first.wait_for()
            page.wait_for_timeout(500)  # fonts and the last layout
            whole = base64.b64encode(page.locator(".figure").first.screenshot()).decode()
            scaled = base64.b64decode(page.evaluate(SCALED, [whole, WIDTH]))
            write_atomically(PICTURES / f"{path.stem}.png", scaled)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
