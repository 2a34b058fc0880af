"""What lab 4's demo draws: a row that kernels read and write, and the accesses and time that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.fused_kernels import walk
from course_lib.demos.fused_kernels.walk import Step

_READ, _CACHED, _WRITTEN = look.BLUE, "#8C8C8C", look.ORANGE
_CHAIN, _FUSED, _FADED = look.PURPLE, look.GREEN, 0.25
# Light enough for dark numbers: what is read, a number that is read for a whole row, what is written.
_TINTS = ("#BFE0F2", "#DEDEDE", "#F7CFAF")
_LINES = 4  # of the row's panel: at most two arrays that are read, and two that are written
_LEFT = 134  # pixels for the kernels' names
_THICK = 0.7  # of a bar, of the distance between bars
_NAMES = [card.name.rsplit(" ", 1)[0] for card in walk.CARDS]
_UNITS = (("s", 1), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


@dataclass(frozen=True)
class Walk:
    """An operation on rows of `keys` values, seen up to a kernel of its chain (from 1), or fused."""

    operation: str = walk.OPERATIONS[0]
    keys: int = 1024
    causal: bool = True
    fuse: bool = False
    at: int = 1

    @cached_property
    def chain(self) -> tuple[Step, ...]:
        return walk.chain(self.operation, self.keys, self.causal)

    @cached_property
    def fused(self) -> Step:
        return walk.fused(self.operation, self.keys, self.causal)

    @property
    def now(self) -> Step:
        """The kernel that has just run."""
        return self.fused if self.fuse else self.chain[self.at - 1]

    @property
    def done(self) -> tuple[Step, ...]:
        return (self.fused,) if self.fuse else self.chain[: self.at]


def frame() -> go.Figure:
    """A row above, kernels below it, cards at the bottom, still without numbers."""
    drawing = make_subplots(
        rows=3, row_heights=[0.18, 0.55, 0.27], vertical_spacing=0.09,
        subplot_titles=(
            f"a row of {walk.COLUMNS} values, in this kernel",
            f"accesses per value, added up: <span style='color:{_READ}'>reads</span>, "
            f"<span style='color:{_WRITTEN}'>writes</span>;<br>gray: one number for a whole row or column",
            f"time by the data sheet: <span style='color:{_CHAIN}'>chain</span>, "
            f"<span style='color:{_FUSED}'>fused</span>",
        ),
    )  # fmt: skip
    scale = [[0, _TINTS[0]], [0.5, _TINTS[1]], [1, _TINTS[2]]]
    drawing.add_heatmap(
        colorscale=scale, zmin=0, zmax=2, showscale=False, xgap=2, ygap=2, texttemplate="%{text}",
        textfont={"size": 12, "color": look.TEXT}, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    for name, color in (
        ("reads", _READ), ("reads of one number for a row or column", _CACHED), ("writes", _WRITTEN)
    ):  # fmt: skip
        drawing.add_bar(
            orientation="h", marker_color=color, marker_line={"color": "white", "width": 1}, width=_THICK,
            hovertemplate="%{x:.3g} " + name + " per value<extra></extra>", row=2, col=1,
        )  # fmt: skip
    drawing.add_scatter(
        mode="text", textposition="middle right", textfont_size=14, hoverinfo="skip", cliponaxis=False,
        row=2, col=1,
    )  # fmt: skip
    for name, color, offset in (("chain", _CHAIN, -0.42), ("fused", _FUSED, 0.02)):
        drawing.add_bar(
            orientation="h", y=list(range(len(_NAMES))), offset=offset, width=0.4, marker_color=color,
            textposition="outside", textangle=0, textfont_size=13, constraintext="none", cliponaxis=False,
            hovertemplate=name + ": %{text}<extra></extra>", row=3, col=1,
        )  # fmt: skip
    drawing.update_xaxes(visible=False, row=1, col=1)
    drawing.update_yaxes(range=[_LINES - 0.5, -0.5], showline=False, row=1, col=1)
    drawing.update_yaxes(range=[len(_NAMES) - 0.5, -0.5], tickvals=list(range(len(_NAMES))), ticktext=_NAMES,
                         row=3, col=1)  # fmt: skip
    drawing.update_yaxes(ticks="", showgrid=False, tickfont_size=13)
    drawing.update_xaxes(tickfont_size=13, title_font_size=14)
    drawing.update_annotations(x=0, xanchor="left", xshift=8 - _LEFT, align="left", font_size=13)
    look.finish(drawing, "")
    drawing.update_layout(
        barmode="overlay", height=760, margin={"l": _LEFT, "r": 14, "t": 122, "b": 52}, dragmode=False
    )
    return drawing


def axes(seen: Walk) -> dict:
    """What of the layout depends on the operation, and on how much it moves."""
    kernels = [step.kernel for step in seen.chain]
    total = sum(step.asked for step in seen.chain)
    scale, unit = _unit(_seconds(seen, seen.chain)[0])
    most = _seconds(seen, seen.chain)[0] / scale
    return {
        "xaxis2.range": [0, 1.2 * total],
        "xaxis3.range": [0, 1.4 * most],
        "xaxis3.title.text": unit,
        "yaxis.tickvals": list(range(len(_labels(seen)))),
        "yaxis.ticktext": _labels(seen),
        "yaxis2.range": [len(kernels) + 0.5, -0.6],
        "yaxis2.tickvals": list(range(len(kernels) + 1)),
        "yaxis2.ticktext": [
            f"<b>{name}</b>" if place == (len(kernels) if seen.fuse else seen.at - 1) else name
            for place, name in enumerate([*kernels, "one kernel"])
        ],
    }


def contents(seen: Walk) -> dict:
    """What `look.paint` takes: the row, the bars up to now, and the title that says what they show."""
    steps, shown = seen.chain, len(seen.chain) if seen.fuse else seen.at
    bars = [*steps[:shown], *([seen.fused] if seen.fuse else [])]
    starts = [sum(step.asked for step in steps[:place]) for place in range(shown)] + [0.0] * seen.fuse
    places = [*range(shown), *([len(steps)] if seen.fuse else [])]
    opacity = [_FADED] * shown + [1.0] if seen.fuse else [1.0] * shown
    stacked = []
    for amount in ("reads", "cached", "writes"):
        widths = [getattr(step, amount) for step in bars]
        stacked.append({"y": places, "x": widths, "base": starts, "marker.opacity": opacity})
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    ends = [shown - 1, len(steps)] if seen.fuse else [shown - 1]
    totals = [sum(step.asked for step in steps[:shown]), seen.fused.asked][: len(ends)]
    return {
        "traces": [
            _strip(seen),
            *stacked,
            {"x": totals, "y": ends, "text": [f" {total:.1f}" for total in totals]},
            *_times(seen),
        ],
        "finding": _finding(seen),
        "detail": _detail(seen),
    }


def figure(seen: Walk) -> go.Figure:
    """A row's way, what it adds up to, and the time on four cards."""
    drawing = frame()
    drawing.update_layout(axes(seen))
    return look.paint(drawing, **contents(seen))


def words(seen: Walk) -> str:
    """All that the figure shows, as text."""
    kernels = ", ".join(step.kernel for step in seen.chain)
    times = ", ".join(
        f"{name} {duration(chain)} for the chain and {duration(fused)} fused"
        for name, chain, fused in zip(
            _NAMES, _seconds(seen, seen.chain), _seconds(seen, [seen.fused]), strict=True
        )
    )
    return (
        f"{_finding(seen)}. {_detail(seen)} The chain: {kernels}. "
        f"At the bandwidth of the data sheets: {times}."
    )


def _arrays(seen: Walk) -> list[tuple[str, int, np.ndarray]]:
    """What the kernel reads and writes of the row: (label, index of a tint, values)."""
    whole = len(seen.now.before) - bool(seen.now.cached)  # one number for a whole row comes last
    reads = [("reads", int(place >= whole), array) for place, array in enumerate(seen.now.before)]
    return reads + [("writes", 2, array) for array in seen.now.after]


def _labels(seen: Walk) -> list[str]:
    return [label for label, _, _ in _arrays(seen)]


def _strip(seen: Walk) -> dict:
    tints = np.full((_LINES, walk.COLUMNS), np.nan)
    text = np.full((_LINES, walk.COLUMNS), "", object)
    for line, (_, tint, values) in enumerate(_arrays(seen)):
        here = ~np.isnan(values)
        tints[line, : len(values)][here] = tint
        text[line, : len(values)] = [_number(value) for value in values]
    return {"z": tints.tolist(), "text": text.tolist()}


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "−∞" if value < 0 else "∞"
    return f"{value:.{0 if float(value).is_integer() else 2}f}".replace("-", "−")


def _times(seen: Walk) -> list[dict]:
    scale, _ = _unit(_seconds(seen, seen.chain)[0])
    chain = _seconds(seen, seen.chain if seen.fuse else seen.done)
    fused = _seconds(seen, seen.done) if seen.fuse else []
    return [
        {"x": [time / scale for time in times], "text": [duration(time) for time in times],
         "marker.opacity": _FADED if seen.fuse and times is chain else 1.0}
        for times in (chain, fused)
    ]  # fmt: skip


def _seconds(seen: Walk, steps: Sequence[Step]) -> list[float]:
    return walk.seconds(seen.operation, seen.keys, steps)


def _unit(seconds: float) -> tuple[float, str]:
    unit, size = next(pair for pair in _UNITS if seconds >= pair[1] or pair is _UNITS[-1])
    return size, unit


def duration(seconds: float) -> str:
    scale, unit = _unit(seconds)
    return f"{_digits(seconds / scale)} {unit}"


def _digits(number: float) -> str:
    """Three digits, or all those before the point."""
    return f"{number:,.0f}" if number >= 99.95 else f"{number:#.3g}"


def _bytes(nbytes: float) -> str:
    unit, size = next(pair for pair in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)) if nbytes >= pair[1])
    return f"{_digits(nbytes / size)} {unit}"


def _finding(seen: Walk) -> str:
    steps = seen.chain
    total, name = sum(step.asked for step in steps), seen.operation[0].upper() + seen.operation[1:]
    if seen.fuse:
        return (
            f"{name} in one kernel: {seen.fused.asked:.1f} accesses per value instead of {total:.1f}, "
            f"{total / seen.fused.asked:.1f} times fewer"
        )
    so_far = sum(step.asked for step in seen.done)
    return f"{name}, kernel {seen.at} of {len(steps)}: {so_far:.1f} of {total:.1f} accesses per value"


def _detail(seen: Walk) -> str:
    moved = _bytes(walk.moved_bytes(seen.operation, seen.keys, seen.done))
    whole = _bytes(walk.moved_bytes(seen.operation, seen.keys, seen.chain))
    if seen.fuse:
        return (
            f"The arithmetic is the same. What the kernels hand on stays on the chip: {moved} moved "
            f"instead of {whole}, 1 launch instead of {len(seen.chain)}."
        )
    return f"{seen.now.kernel} {_does(seen.now)}. So far {moved} of {whole} moved."


def _does(step: Step) -> str:
    """What a kernel of a chain reads and writes, in words."""
    if step.before[0].size == 1:
        return "reads and writes one number per row"
    read = "two values" if step.reads == 2 else "a value"
    if step.cached:
        read += f" and {_kept(step)}"
    kept = step.after[0].size
    wrote = "a value" if step.writes == 1 else "one number per row" if kept == 1 else "one number per column"
    return f"reads {read}, writes {wrote}"


def _kept(step: Step) -> str:
    if step.kernel == "hide_by_index":
        return "the length of its sequence"
    return "a number of its column" if step.kernel.endswith("columns") else "a number of its row"
