"""The memory bar of lab 6's demo: what one GPU holds in a training step, beside the memory of cards."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from course_lib import hardware, shapes
from course_lib.demos import look
from course_lib.demos.training_memory import picture
from course_lib.demos.training_memory.picture import Setting

GB = hardware.GB
COLORS = {
    "parameters": look.BLUE,
    "gradients": look.SKY,
    "Adam's states": look.GREEN,
    "activations": look.PURPLE,
    "attention scores": look.ORANGE,
    "logits": look.GRAY,
}
# One card of each size of memory.
LINES = tuple(
    hardware.gpu(name)
    for name in (
        "RTX 3070 8GB", "RTX 4070 Ti 12GB", "RTX 4080 16GB", "L4 24GB", "V100 32GB", "A100 40GB", "L40S 48GB",
        "H100 SXM 80GB", "H200 141GB",
    )
)  # fmt: skip
LEFT, RIGHT = (-0.8, -0.6, 0.6), (0.5, 0.68, 0.78)  # x of names, and of bends and ends of lines to them
GAP = 0.085  # between names of two lines, in heights of the panel; those of cards have one line
AXES = (10, 15, 20, 25, 30, 40, 50, 60, 80)  # GB at the end of an axis, and ten, a hundred, ... times as many


def frame() -> go.Figure:
    """The bar, lines of cards on its left, names of its parts on its right, still without numbers."""
    drawing = go.Figure()
    for part, color in COLORS.items():
        drawing.add_bar(
            x=[0], width=1, marker={"color": color, "line": {"color": "white", "width": 1}},
            hovertemplate=f"{part}: %{{y:,.3g}} GB<extra></extra>",
        )  # fmt: skip
    for color, width in (("rgba(255,255,255,0.6)", 3), (look.TEXT, 1.3)):  # seen on every part
        drawing.add_scatter(mode="lines", line={"color": color, "width": width}, hoverinfo="skip")
    drawing.add_scatter(
        mode="text", textposition="middle left", textfont={"size": 13, "color": look.TEXT}, hoverinfo="skip",
        cliponaxis=False,
    )  # fmt: skip
    drawing.add_scatter(mode="lines", line={"color": look.GRAY, "width": 1}, hoverinfo="skip")
    drawing.add_scatter(
        mode="markers+text", textposition="middle right", textfont={"size": 13, "color": look.TEXT},
        marker={"symbol": "square", "size": 12}, hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
    drawing.update_xaxes(visible=False, range=[-2.3, 2.9])
    drawing.update_yaxes(title_text="GB on one GPU", tickformat=",")
    look.finish(drawing, "")
    drawing.update_layout(barmode="stack", height=620, margin={"t": 110, "b": 25, "r": 10}, dragmode=False)
    return drawing


def reach(setting: Setting) -> tuple[float, float]:
    """The ends of the axis, which change seldom, so that the bar moves."""
    return 0, _top(sum(picture.parts(setting).values()))


def contents(setting: Setting) -> dict:
    """What `look.paint` takes: the bar, the names on both sides, and the title that says what they show."""
    parts = picture.parts(setting)
    total = sum(parts.values())
    top = _top(total)
    shown = {part: nbytes / GB for part, nbytes in parts.items() if nbytes}
    ends = [sum([*shown.values()][: place + 1]) for place in range(len(shown))]
    middles = [end - size / 2 for end, size in zip(ends, shown.values(), strict=True)]
    beside = _apart(middles, GAP * top, top)
    cards = [card for card in LINES if card.memory_bytes <= top * GB]
    sizes = [card.memory_bytes / GB for card in cards]
    names = _apart(sizes, GAP * top / 2, top)
    name_x, bend, end = LEFT
    lines = {
        "x": [name_x, bend, end, None] * len(cards),
        "y": [y for name, size in zip(names, sizes, strict=True) for y in (name, size, size, None)],
    }
    start, corner, label_x = RIGHT
    return {
        "traces": [
            *({"y": [nbytes / GB]} for nbytes in parts.values()),
            lines,
            lines,
            {"x": [name_x] * len(cards), "y": names, "text": [_name(card, total) for card in cards]},
            {"x": [start, corner, None] * len(shown),
             "y": [y for pair in zip(middles, beside, strict=True) for y in (*pair, None)]},
            {"x": [label_x] * len(shown), "y": beside, "marker.color": [COLORS[part] for part in shown],
             "text": [f" {part}<br> {gigabytes(size * GB)}" for part, size in shown.items()]},
        ],
        "finding": _finding(parts),
        "detail": _detail(setting, parts),
    }  # fmt: skip


def figure(setting: Setting) -> go.Figure:
    """The bar of a setting, with the cards that hold it and those that do not."""
    drawing = frame()
    drawing.update_yaxes(range=reach(setting))
    return look.paint(drawing, **contents(setting))


def gigabytes(nbytes: float) -> str:
    """Bytes in GB with three digits, or all those before the point."""
    size = nbytes / GB
    return f"{size:,.0f} GB" if size >= 99.95 else f"{size:#.3g} GB"


def _top(nbytes: float) -> float:
    """The end of the axis in GB: a little above the bar, and above the smallest card that holds it."""
    holding = [card.memory_bytes for card in LINES if card.memory_bytes >= nbytes]
    longest = (length * 10**power for power in itertools.count() for length in AXES)
    return next(top for top in longest if top * GB >= 1.05 * min(holding, default=nbytes))


def _apart(heights: Sequence[float], gap: float, top: float) -> list[float]:
    """Ascending heights, moved so that they are at least `gap` apart and none is above `top`."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else max(height, gap / 2))
    for place in reversed(range(len(placed))):
        above = placed[place + 1] - gap if place + 1 < len(placed) else top
        placed[place] = min(placed[place], above)
    return placed


def _name(card: hardware.GPU, nbytes: float) -> str:
    """Without its memory, which the axis says; bold where it holds so many bytes."""
    name = card.name.rsplit(" ", 1)[0]
    return f"<b>{name}</b> " if nbytes <= card.memory_bytes else f"{name} "


def _finding(parts: dict[str, float]) -> str:
    """Which part is the largest, and which cards hold all of them."""
    total, most = sum(parts.values()), max(parts.values())
    largest = [part for part, nbytes in parts.items() if nbytes == most]
    names = " and ".join(largest)
    size = f"{gigabytes(most).removesuffix(' GB')}{' each' if len(largest) > 1 else ''} of {gigabytes(total)}"
    noun = "part" if len(largest) == 1 else "parts"
    held = _held(picture.fitting(total))
    return f"{names[0].upper()}{names[1:]} are the largest {noun}, {size}; {held}"


def _held(fitting: Sequence[hardware.GPU]) -> str:
    cards = len(picture.CARDS)
    if not fitting:
        return f"none of {cards} cards holds it"
    if len(fitting) == 1:
        return f"of {cards} cards, only {fitting[0].name} holds it"
    if len(fitting) == cards:
        return f"all {cards} cards hold it"
    return f"{len(fitting)} of {cards} cards hold it, from {fitting[0].name} up"


def _detail(setting: Setting, parts: dict[str, float]) -> str:
    """What is trained, the bytes of a parameter, and what it takes without any remedy."""
    states = sum(parts[part] for part in ("parameters", "gradients", "Adam's states"))
    each = states / shapes.parameters(setting.shape)
    said = (
        f"{setting.model}, {setting.batch} × {setting.length:,} tokens per GPU, {setting.precision}. "
        f"Parameters, gradients and Adam's states: {each:.3g} bytes per parameter on this GPU."
    )
    plain = replace(setting, stage=0, checkpointed=False, fused=False)
    if plain != setting:
        whole = sum(picture.parts(plain).values())
        said += f" Without ZeRO, checkpointing and fused attention: {gigabytes(whole)}."
    return said
