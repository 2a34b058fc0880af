"""Which thread touched which element: one strip of cells for each array of a small launch, as SVG."""

import math
from html import escape

from course_lib.cuda.coalescing import share, tinted
from course_lib.cuda.measured import ArrayTraffic, Event, Measured

_MOST_CELLS, _CELL = 512, 16
_MOST_EVENTS = 4096  # kMaxEvents in host/inspector.h
# Okabe and Ito's colors, told apart by color-blind readers; the warp's number decides which.
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999")
_KINDS = {"read": ("read",), "written": ("write", "atomic")}


def picture(report: Measured) -> str:
    """SVG strips, colored by warp; each cell names its threads on hover. A line says what was too large."""
    if report.events is None:
        return f"<div>who touched what: left out, the launch has more than {_MOST_EVENTS:,} accesses</div>"
    warps = math.ceil(math.prod(report.block) / 32)
    strips, large, seen = [], [], set()
    for array in report.arrays:
        events = [event for event in report.events if event.array == array.name]
        if events and array.elements > _MOST_CELLS:
            large.append(f"<code>{escape(array.name)}</code> ({array.elements:,})")
        elif events:
            strips.append(_strip(report, array, events, warps, seen))
    if not strips and not large:
        return ""
    note = "each cell is an element, colored by the warp that touched it first; point at it for the threads"
    legend = _legend(sorted(seen), warps, math.prod(report.grid))
    shown = f"<div>{note}</div>{legend}{''.join(strips)}" if strips else ""
    if large:
        shown += f"<div>left out, with more than {_MOST_CELLS} elements: {', '.join(large)}</div>"
    return f"<details open><summary>who touched what</summary>{shown}</details>"


def _legend(seen: list[int], warps: int, blocks: int) -> str:
    """The color of each warp; where there are more warps than colors, that they come again."""
    if len(seen) > len(_COLORS):
        return f"<div>{len(seen)} warps: every {len(_COLORS)}th has the same color</div>"
    names = []
    for number in seen:
        block, warp = divmod(number, warps)
        words = [f"block {block}"] * (blocks > 1) + [f"warp {warp}"] * (warps > 1 or blocks == 1)
        names.append(
            f'<span><i style="background:{_COLORS[number % len(_COLORS)]}"></i>{" ".join(words)}</span>'
        )
    return f'<div class="warps">{"".join(names)}</div>'


def _strip(report: Measured, array: ArrayTraffic, events: list[Event], warps: int, seen: set[int]) -> str:
    """One array's cells, at most 64 in a row; adds the warps whose color it uses to `seen`."""
    name, elements = array.name, array.elements
    columns = min(elements, 64)
    touched: dict[int, list[Event]] = {}
    for event in events:
        if 0 <= event.index < elements:
            touched.setdefault(event.index, []).append(event)
    kinds = [kind for kind, of in _KINDS.items() if any(event.access in of for event in events)]
    cells = []
    for index in range(elements):
        x, y = index % columns * _CELL, index // columns * _CELL
        mine, parts = touched.get(index, []), ""
        for side, kind in enumerate(kinds):
            first = next((event for event in mine if event.access in _KINDS[kind]), None)
            if first is None:
                continue
            number, width = first.block * warps + first.thread // 32, _CELL // len(kinds)
            seen.add(number)
            parts += (
                f'<rect x="{x + side * width}" y="{y}" width="{width}" '
                f'height="{_CELL - 1}" fill="{_COLORS[number % len(_COLORS)]}"/>'
            )
        cells.append(f"<g><title>{escape(_story(name, index, mine))}</title>{parts}{_frame(x, y)}</g>")
    width, height = columns * _CELL + 1, math.ceil(elements / columns) * _CELL + 1
    what = "left half read, right half written" if len(kinds) == 2 else kinds[0]
    drawing = (
        f'<svg width="{width}" viewBox="0 0 {width} {height}" role="img" aria-label="accesses to '
        f'{escape(name)}">{"".join(cells)}</svg>'
    )
    if array.space == "global":
        what += f"; coalescing {share(report, name, tinted)}"
    return f"<div><code>{escape(name)}</code> {what}</div>{drawing}"


def _frame(x: int, y: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL - 1}" height="{_CELL - 1}" fill="none" stroke="#888" '
        'stroke-width=".5" pointer-events="all"/>'
    )


def _story(name: str, index: int, events: list[Event]) -> str:
    if not events:
        return f"{name}[{index}]: nobody"
    said = [f"block {e.block} thread {e.thread} ({e.access})" for e in events[:6]]
    return (
        f"{name}[{index}]: " + ", ".join(said) + (f" and {len(events) - 6} more" if len(events) > 6 else "")
    )
