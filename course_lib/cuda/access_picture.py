"""Which thread touched which element: one strip of cells for each array of a small launch, as SVG."""

import math
from html import escape

from course_lib.cuda.report import Event, Report

_MOST_CELLS, _CELL = 512, 16
# Okabe and Ito's colors, told apart by color-blind readers; the thread's number decides which.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")


def picture(report: Report) -> str:
    """SVG strips, colored by warp; each cell names its threads on hover. Empty for a large launch."""
    if not report.events:
        return ""
    strips = []
    for array in report.arrays:
        events = [event for event in report.events if event.array == array.name]
        if events and array.elements <= _MOST_CELLS:
            strips.append(_strip(array.name, array.elements, events))
    if not strips:
        return ""
    note = (
        "each cell is an element, colored by the warp that touched it first (left half read, right "
        "half written)"
    )
    return f"<details open><summary>who touched what</summary><div>{note}</div>{''.join(strips)}</details>"


def _strip(name: str, elements: int, events: list[Event]) -> str:
    columns = min(elements, 64)
    touched: dict[int, list[Event]] = {}
    for event in events:
        if 0 <= event.index < elements:
            touched.setdefault(event.index, []).append(event)
    cells = []
    for index in range(elements):
        x, y = index % columns * _CELL, index // columns * _CELL
        mine = touched.get(index, [])
        halves = ""
        for side, kinds in enumerate((("read",), ("write", "atomic"))):
            first = next((event for event in mine if event.access in kinds), None)
            color = _COLORS[(first.thread // 32 + first.block * 3) % len(_COLORS)] if first else "none"
            halves += (
                f'<rect x="{x + side * _CELL // 2}" y="{y}" width="{_CELL // 2}" '
                f'height="{_CELL - 1}" fill="{color}"/>'
            )
        cells.append(f"<g><title>{escape(_story(name, index, mine))}</title>{halves}{_frame(x, y)}</g>")
    width, height = columns * _CELL + 1, math.ceil(elements / columns) * _CELL + 1
    drawing = (
        f'<svg width="{width}" height="{height}" role="img" aria-label="accesses to '
        f'{escape(name)}">{"".join(cells)}</svg>'
    )
    return f"<div><code>{escape(name)}</code></div>{drawing}"


def _frame(x: int, y: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL - 1}" height="{_CELL - 1}" fill="none" stroke="#888" '
        'stroke-width=".5"/>'
    )


def _story(name: str, index: int, events: list[Event]) -> str:
    if not events:
        return f"{name}[{index}]: nobody"
    said = [f"block {e.block} thread {e.thread} ({e.access})" for e in events[:6]]
    return (
        f"{name}[{index}]: " + ", ".join(said) + (f" and {len(events) - 6} more" if len(events) > 6 else "")
    )
