"""Plots as static SVG: they need no script and no network, and print as they look."""

import math
from collections.abc import Sequence
from html import escape

# Okabe & Ito 2008, told apart with every common color vision, and in gray.
FULL, PARTIAL, NONE, UNMARKED = "#0072B2", "#56B4E9", "#D55E00", "#BBBBBB"
WIDTH, HEIGHT = 640, 210
LEFT, BOTTOM, TOP = 40, 42, 14


def histogram(values: Sequence[float], edges: Sequence[float], label: str) -> str:
    """Bars of how many `values` lie in each bin; a value on an inner edge counts in the bin above it.

    `edges` has one number more than there are bins. Values outside raise ValueError. `label` is for the axis.
    """
    if any(not edges[0] <= value <= edges[-1] for value in values):
        raise ValueError(f"a value lies outside {edges[0]:g} to {edges[-1]:g}")
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[max(place for place in range(len(counts)) if edges[place] <= value)] += 1
    most = max(*counts, 1)
    step = (WIDTH - LEFT) / len(counts)
    scale = (HEIGHT - BOTTOM - TOP) / most
    parts = []
    for place, count in enumerate(counts):
        x, height = LEFT + place * step, count * scale
        y = HEIGHT - BOTTOM - height
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{step - 2:.1f}" height="{height:.1f}" fill="{FULL}"/>'
        )
        if count:
            parts.append(_text(x + step / 2, y - 3, str(count), "middle"))
    every = math.ceil(len(edges) / 12)
    for place, edge in enumerate(edges):
        if place % every == 0:
            parts.append(_text(LEFT + place * step, HEIGHT - BOTTOM + 16, f"{edge:g}", "middle"))
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="#222"/>'
    )
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 6, label, "middle"))
    summary = ", ".join(
        f"{count} from {edges[place]:g} to {edges[place + 1]:g}"
        for place, count in enumerate(counts)
        if count
    )
    return _svg(WIDTH + 20, HEIGHT, f"{label}: {summary}", parts)


def shares(parts: Sequence[tuple[str, int, str]], width: int = 300, height: int = 18) -> str:
    """One bar split by (name, count, color), with the counts inside where there is room."""
    total = sum(count for _, count, _ in parts)
    drawn, x = [], 0.0
    for _, count, color in parts:
        length = width * count / total if total else 0
        drawn.append(f'<rect x="{x:.1f}" width="{length:.1f}" height="{height}" fill="{color}"/>')
        if length > 16:
            ink = "#fff" if color in (FULL, NONE) else "#222"
            drawn.append(_text(x + length / 2, height - 5, str(count), "middle", ink))
        x += length
    summary = ", ".join(f"{count} {name}" for name, count, _ in parts if count)
    return _svg(width, height, summary, drawn)


def nice_edges(largest: float, bins: int) -> list[float]:
    """Edges of at most `bins` bins from 0 to `largest` or more, in steps of 1, 2 or 5 times a power of 10."""
    raw = max(largest, 1e-9) / bins
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    count = max(1, math.ceil(largest / step - 1e-9))
    return [round(place * step, 10) for place in range(count + 1)]


def _text(x: float, y: float, text: str, anchor: str, color: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


def _svg(width: int, height: int, summary: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(summary)}" font-size="12" '
        'font-family="system-ui, sans-serif">'
        f"<title>{escape(summary)}</title>{''.join(parts)}</svg>"
    )
