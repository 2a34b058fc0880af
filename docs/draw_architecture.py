"""Draws docs/images/architecture.svg from the imports themselves: layers as rows, an arrow to the next row.

.venv/bin/python -m docs.draw_architecture      writes the picture again; a test says when that is due
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from course_lib.paths import ROOT, write_atomically
from tests.layers import EXAMINATION, FLOORS, imported_names

PICTURE = ROOT / "docs" / "images" / "architecture.svg"
# The rows from the top, each with the floors that stand in it.
ROWS = {
    "notebooks": (),
    "demos": ("demos",),
    "topics": ("topics",),
    "engines": ("engines",),
    "facts": ("facts",),
    "tools": ("notebook", "kernels"),
    "ground": ("ground",),
}
# Beside them, in these rows: what instructors run, what commands need, and how both have a notebook examined.
ASIDE = {"topics": "autograder", "engines": "commands", "facts": EXAMINATION}

_BOX, _HEIGHT, _GAP, _ROW, _PAD, _LABEL = 92, 38, 6, 96, 10, 96
_ASIDE = 190  # width of the column beside
_BLUE, _ORANGE, _LINE, _TEXT = "#0072b2", "#d55e00", "#6b6b6b", "#222222"


@dataclass
class Box:
    """A module in its row; `x` is its middle, and `uses` names what it imports."""

    name: str
    row: str
    uses: set[str]
    x: float = 0.0
    width: float = _BOX


def rooms(folder: Path) -> dict[str, set[str]]:
    """For each module directly in a folder of course_lib: the modules of course_lib that it imports."""
    found = {}
    for place in sorted(folder.iterdir()):
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.suffix == ".py" else []
        names = {name for file in files for name in imported_names(file)}
        parts = {name.split(".")[1] for name in names if name.startswith("course_lib.")}
        if files:
            found[place.stem] = parts
    return found


def notebooks() -> dict[str, set[str]]:
    """For each notebook that shows demos: which."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        if shown := re.findall(r"\bdemos\.(\w+)\.show\(", code):
            found[path.parent.name] = {f"demos.{name}" for name in shown}
    return found


def boxes() -> list[Box]:
    """Every module in its row, from the top row down."""
    modules = rooms(ROOT / "course_lib")
    made = [Box(name, "notebooks", uses) for name, uses in notebooks().items()]
    for name, uses in rooms(ROOT / "course_lib" / "demos").items():
        if (ROOT / "course_lib" / "demos" / name).is_dir():
            made.append(Box(f"demos.{name}", "demos", uses))
    for row, floors in ROWS.items():
        here = sorted(
            name for floor in floors for name in FLOORS[floor] if name in modules and name != "demos"
        )
        made += [Box(name, row, modules[name]) for name in here]
    graders = set().union(*rooms(ROOT / "autograder").values())
    for row, name in ASIDE.items():
        made.append(Box(name, row, graders if name == "autograder" else modules[name], width=_ASIDE - 60))
    return made


def place(made: list[Box]) -> float:
    """Put each box below those that use it, side by side; returns the width of the picture."""
    inner = 0.0
    for row in ROWS:
        count = sum(box.row == row and box.name not in ASIDE.values() for box in made)
        inner = max(inner, count * (_BOX + _GAP) + (_ASIDE if row in ASIDE or row == "tools" else 0))
    left, width = _LABEL + _PAD, inner + _LABEL + 3 * _PAD
    aside = width - 2 * _PAD - _ASIDE / 2
    above: list[Box] = []
    for row in ROWS:
        here = [box for box in made if box.row == row and box.name not in ASIDE.values()]
        for box in here:
            users = [user.x for user in above if box.name in user.uses]
            box.x = sum(users) / len(users) if users else width
        if row == "tools":  # cuda stands below the column beside, which ends in it
            for box in here:
                box.x = aside if box.name == "cuda" else (left + aside) / 2
        else:
            right = width - 2 * _PAD - (_ASIDE if row in ASIDE else 0)
            spread(sorted(here, key=lambda box: box.x), left, right)
        for box in made:
            if box.row == row and box.name in ASIDE.values():
                box.x = aside
        above = here
    return width


def spread(row: list[Box], left: float, right: float) -> None:
    """Over the whole width, in this order."""
    step = (right - left) / len(row)
    for i, box in enumerate(row):
        box.x = left + step * (i + 0.5)


def draw() -> str:
    """The picture as SVG."""
    made = boxes()
    width, height = place(made), len(ROWS) * _ROW - (_ROW - _HEIGHT) + 4 * _PAD
    top = {row: 2 * _PAD + i * _ROW for i, row in enumerate(ROWS)}
    parts = [f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#ffffff"/>']
    for row, y in top.items():
        parts.append(
            f'<rect x="{_PAD}" y="{y - _PAD}" width="{width - 2 * _PAD:.0f}" '
            f'height="{_HEIGHT + 2 * _PAD}" rx="6" fill="#eef3f8"/>'
            f'<text x="{2 * _PAD}" y="{y + _HEIGHT / 2 + 5:.0f}" font-weight="bold" fill="{_TEXT}">'
            f"{row}</text>"
        )
    order, beside = list(ROWS), set(ASIDE.values())
    rows = [top[row] for row in ASIDE]
    parts.append(
        f'<rect x="{width - 2 * _PAD - _ASIDE:.0f}" y="{min(rows) - _PAD}" width="{_ASIDE + _PAD}" '
        f'height="{max(rows) - min(rows) + _HEIGHT + 2 * _PAD}" rx="6" fill="#fbefe6"/>'
    )
    for box in made:
        for other in made:
            next_row = order.index(other.row) == order.index(box.row) + 1
            # From the column beside, only to itself and to the kernels below it.
            together = other.name in beside | {"cuda"} if box.name in beside else other.name not in beside
            if other.name in box.uses and next_row and together:
                parts.append(arrow(box, other, top, _ORANGE if box.name in beside else _LINE))
    parts += [shape(box, top[box.row], _ORANGE if box.name in beside else _BLUE) for box in made]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="13">\n'
        "<title>The modules of the course in their layers, and what imports what</title>\n"
        f"{defs()}\n" + "\n".join(parts) + "\n</svg>\n"
    )


def defs() -> str:
    """The arrows' heads, one a color."""
    head = (
        '<marker id="head-{0}" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">{1}</marker>'
    )
    path = '<path d="M0 0.5 L8 4 L0 7.5 Z" fill="{0}"/>'
    colors = (_LINE, _ORANGE)
    return f"<defs>{''.join(head.format(color[1:], path.format(color)) for color in colors)}</defs>"


def arrow(box: Box, other: Box, top: dict[str, float], color: str) -> str:
    """From the bottom of one box to the top of another."""
    start, end = top[box.row] + _HEIGHT, top[other.row]
    bend = (start + end) / 2
    return (
        f'<path d="M{box.x:.0f} {start:.0f} C{box.x:.0f} {bend:.0f} {other.x:.0f} {bend:.0f} {other.x:.0f} '
        f'{end:.0f}" fill="none" stroke="{color}" stroke-width="1.5" marker-end="url(#head-{color[1:]})"/>'
    )


def shape(box: Box, y: float, color: str) -> str:
    """A box with its name, a long one of two words in two lines."""
    name = box.name.removeprefix("demos.")
    if box.row == "notebooks":
        name = name.split("_")[0]
    first, _, second = name.partition("_") if len(name) > 12 else (name, "", "")
    lines = [f"{first}_", second] if second else [first]
    middle = y + _HEIGHT / 2 + (-3 if second else 5)
    texts = "".join(
        f'<text x="{box.x:.0f}" y="{middle + 15 * i:.0f}" text-anchor="middle" fill="{_TEXT}">{line}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<rect x="{box.x - box.width / 2:.0f}" y="{y:.0f}" width="{box.width}" height="{_HEIGHT}" rx="5" '
        f'fill="#ffffff" stroke="{color}" stroke-width="1.5"/>{texts}'
    )


if __name__ == "__main__":
    print(f"Written: {write_atomically(PICTURE, draw()).relative_to(ROOT)}")
