"""The pictures of lab 5, drawn from what the student's functions computed and what the ranks did."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

NAMES = {"gpipe": "GPipe", "1f1b": "1F1B"}
PASSES = {"F": ("forward", look.BLUE), "B": ("backward", look.ORANGE)}
HALF = 0.36  # of the height of a bar
ROOM = 170  # pixels for names of rows
Spell = tuple[str, int, float, float]  # "F" or "B", microbatch, start and end
Orders = Sequence[Sequence[tuple[str, int]]]


def schedules(
    drawn: Mapping[str, tuple[Orders, Sequence[Sequence[float]], float, Sequence[int]]],
    forward: Sequence[float],
    backward: Sequence[float],
) -> go.Figure:
    """Who works when, by kind of schedule: (orders, starts, idle share, most microbatches kept) of each."""
    rows = {}
    for kind, (orders, starts, _, _) in drawn.items():
        rows[kind] = [
            [
                (name, m, start, start + (forward if name == "F" else backward)[stage])
                for (name, m), start in zip(order, begun, strict=True)
            ]
            for stage, (order, begun) in enumerate(zip(orders, starts, strict=True))
        ]
    idle = {kind: one[2] for kind, one in drawn.items()}
    kept = {kind: one[3] for kind, one in drawn.items()}
    return _at_work(rows, idle, kept, "time (one forward pass takes 1)", "As your functions compute it")


def stages_at_work(
    spells: Mapping[str, Sequence[Sequence[Spell]]],
    idle: Mapping[str, float],
    kept: Mapping[str, Sequence[int]],
) -> go.Figure:
    """When the stages of real runs worked, by kind of schedule; spells in seconds."""
    return _at_work(spells, idle, kept, "time (s)", "As measured on real processes, with your class")


def _at_work(rows, idle, kept, unit: str, detail: str) -> go.Figure:
    titles = [f"{NAMES[kind]}: {idle[kind]:.0%} of the time is idle" for kind in rows]
    drawing = make_subplots(rows=len(rows), shared_xaxes=True, vertical_spacing=0.13, subplot_titles=titles)
    end = max(spell[3] for stages in rows.values() for spells in stages for spell in spells)
    for row, (kind, stages) in enumerate(rows.items(), 1):
        for name, (word, color) in PASSES.items():
            xs, ys, numbers = [], [], []
            for stage, spells in enumerate(stages):
                for which, m, start, stop in spells:
                    if which == name:
                        xs += [start, stop, stop, start, start, None]
                        ys += [stage - HALF, stage - HALF, stage + HALF, stage + HALF, stage - HALF, None]
                        numbers.append(((start + stop) / 2, stage, m))
            drawing.add_scatter(
                x=xs, y=ys, mode="lines", fill="toself", fillcolor=color, hoverinfo="text", text=word,
                line={"color": "white", "width": 1}, row=row, col=1,
            )  # fmt: skip
            x, y, text = zip(*numbers, strict=True)
            drawing.add_scatter(
                x=x, y=y, text=text, mode="text", textfont={"color": "white", "size": 13}, hoverinfo="skip",
                row=row, col=1,
            )  # fmt: skip
        for stage, most in enumerate(kept[kind]):
            drawing.add_annotation(
                x=1.01 * end, y=stage, text=f"keeps {most}", showarrow=False, xanchor="left", row=row, col=1
            )
        names = [f"stage {stage}" for stage in range(len(stages))]
        drawing.update_yaxes(
            range=[len(stages) - 0.4, -0.6], tickvals=list(range(len(stages))), ticktext=names,
            showgrid=False, row=row, col=1,
        )  # fmt: skip
    first = " and ".join(f"{max(kept[kind])} in {NAMES[kind]}" for kind in rows)
    colors = ", ".join(f"<span style='color:{color}'>■</span> {word}" for word, color in PASSES.values())
    look.finish(drawing, f"The first stage keeps at most {first}", f"{detail}; {colors}")
    drawing.update_xaxes(range=[0, 1.12 * end])
    drawing.update_xaxes(title_text=unit, row=len(rows), col=1)
    drawing.update_layout(height=160 + 190 * len(rows), margin_t=115)
    return drawing


def differences(ways: Mapping[str, Sequence[float]], bound: float) -> go.Figure:
    """How far gradients are from those of one process, a row for each way, a dot for each run.

    bound: what rounding may make of it. The title counts the ways that stay below.
    """
    drawing, names = go.Figure(), list(ways)
    for place, found in enumerate(ways.values()):
        right = max(found) <= bound
        drawing.add_scatter(
            x=found, y=[place] * len(found), mode="markers", hovertemplate="%{x:.2g}<extra></extra>",
            marker={"size": 12, "color": look.BLUE if right else look.ORANGE, "opacity": 0.7},
        )  # fmt: skip
    drawing.add_vline(x=bound, line={"color": look.GRAY, "width": 1.5, "dash": "dot"})
    wrong = [max(found) > bound for found in ways.values()]
    look.finish(
        drawing,
        f"{sum(wrong)} of {len(wrong)} ways give another gradient than one process",
        f"Each dot is one run on 2 or 4 ranks; dotted: {bound:g}, which rounding explains",
    )
    drawing.update_xaxes(
        title_text="length of the error, divided by the length of the gradient", type="log", dtick=1,
        exponentformat="power",
    )  # fmt: skip
    drawing.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5], showgrid=False
    )
    drawing.update_layout(height=170 + 45 * len(names), margin_l=ROOM)
    return drawing


def losses(panels: Mapping[str, Mapping[str, Sequence[float]]], off: Mapping[str, float]) -> go.Figure:
    """Loss by steps, a panel for each optimizer, in it a line for each way to average.

    off: by optimizer, how far the weights end from the right ones where nobody divides, in percent of the
    way that the right ones went.
    """
    drawing = make_subplots(cols=len(panels), shared_yaxes=True, subplot_titles=list(panels))
    dashes = ("solid", "dash", "dot", "longdash")
    most = max(max(loss) for lines in panels.values() for loss in lines.values())
    for column, lines in enumerate(panels.values(), 1):
        ends = []
        for color, dash, (name, loss) in zip(look.COLORS, dashes, lines.items(), strict=False):
            drawing.add_scatter(
                x=list(range(len(loss))), y=loss, mode="lines", row=1, col=column,
                line={"color": color, "width": 3, "dash": dash},
                hovertemplate=f"{name}: %{{y:.3f}}<extra></extra>",
            )  # fmt: skip
            ends.append((len(loss) - 1, loss[-1], name, color))
        look.label(drawing, ends, gap=most / 15, row=1, col=column)
        drawing.update_xaxes(
            title_text="steps", range=[0, 1.8 * (len(loss) - 1)], row=1, col=column,
            tickvals=list(range(0, len(loss), 5)),
        )  # fmt: skip
    said = ", ".join(
        f"{share:.2g} % with {name}" if share < 1 else f"{share:.0f} % with {name}"
        for name, share in off.items()
    )
    fallen = [loss[-1] < loss[0] for lines in panels.values() for loss in lines.values()]
    look.finish(
        drawing,
        f"{sum(fallen)} of {len(fallen)} losses fall, with right gradients and with wrong ones",
        f"Without the division by the ranks, the weights are off by this share of their way: {said}",
    )
    drawing.update_yaxes(title_text="loss", range=[0, 1.05 * most], col=1)
    drawing.update_yaxes(range=[0, 1.05 * most])
    drawing.update_layout(height=430, margin_t=120)
    return drawing


def speedups(
    ranks: Sequence[int], measured: Mapping[str, Sequence[float]], expected: Mapping[str, Sequence[float]]
) -> go.Figure:
    """Times as fast as one rank, by link: dots are measured, lines expected."""
    drawing, ends = go.Figure(), []
    for color, (name, dots) in zip((look.BLUE, look.ORANGE), measured.items(), strict=True):
        drawing.add_scatter(
            x=ranks, y=expected[name], mode="lines", line={"color": color, "width": 2, "dash": "dash"}
        )
        drawing.add_scatter(x=ranks, y=dots, mode="markers", marker={"color": color, "size": 12})
        ends.append((ranks[-1], dots[-1], name, color))
    look.label(drawing, ends, gap=0.28)
    first, *others = (f"over the {name}" for name in measured)
    times = [f"{dots[-1]:.2f} times" for dots in measured.values()]
    rest = [f"{time} {where}" for time, where in zip(times[1:], others, strict=True)]
    said = ", ".join([f"{times[0]} as fast as one {first}", *rest])
    look.finish(
        drawing,
        f"{ranks[-1]} ranks: {said}",
        "Paced ranks; dots are measured, dashed lines computed from pace and link",
    )
    drawing.update_xaxes(title_text="ranks that share a batch", tickvals=list(ranks))
    drawing.update_yaxes(title_text="times as fast as one rank", range=[0, ranks[-1] + 0.4])
    drawing.update_layout(margin_r=150)
    return drawing


def overlaps(
    runs: Mapping[str, tuple[float, Sequence[tuple[float, float]], float]], backward: float
) -> go.Figure:
    """Backward pass and messages of runs, by name: seconds until all is there, messages, expected seconds."""
    drawing, names = go.Figure(), list(runs)
    for place, (_, messages, expected) in enumerate(runs.values()):
        spans = {look.BLUE: [(0.0, backward)], look.ORANGE: messages}
        for shift, (color, bars) in zip((-0.2, 0.2), spans.items(), strict=True):
            xs, ys = [], []
            for start, end in bars:
                low, high = place + shift - 0.17, place + shift + 0.17
                xs += [start, end, end, start, start, None]
                ys += [low, low, high, high, low, None]
            drawing.add_scatter(
                x=xs, y=ys, mode="lines", fill="toself", fillcolor=color, line={"color": "white", "width": 1},
                hoverinfo="skip",
            )  # fmt: skip
        drawing.add_scatter(
            x=[expected] * 2, y=[place - 0.4, place + 0.4], mode="lines", hoverinfo="skip",
            line={"color": look.TEXT, "width": 2, "dash": "dot"},
        )  # fmt: skip
    best = min(runs, key=lambda name: runs[name][0])
    worst = max(runs, key=lambda name: runs[name][0])
    words = ((look.BLUE, "backward pass"), (look.ORANGE, "messages"))
    colors = ", ".join(f"<span style='color:{color}'>■</span> {word}" for color, word in words)
    look.finish(
        drawing,
        f"Done after {runs[best][0]:.2f} s with {best}, after {runs[worst][0]:.2f} s with {worst}",
        f"As measured on two ranks; {colors}; dotted: your step_time",
    )
    drawing.update_xaxes(title_text="time from the start of the backward pass (s)", rangemode="tozero")
    drawing.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.45, -0.55], showgrid=False
    )
    drawing.update_layout(height=170 + 85 * len(names), margin_l=ROOM)
    return drawing


def against_gpipe(unequal: np.ndarray, messages: Sequence[float], ratios: Sequence[float]) -> go.Figure:
    """Time of 1F1B over that of GPipe: of unequal pipelines without messages, and by the length of a message.

    messages: in forward passes, with the ratio of each.
    """
    titles = ["unequal stages, free messages", "equal stages, messages take time"]
    drawing = make_subplots(cols=2, horizontal_spacing=0.14, subplot_titles=titles)
    drawing.add_histogram(
        x=unequal, marker_color=look.BLUE, xbins={"start": 0.5, "end": 1.52, "size": 0.01}, row=1, col=1
    )
    drawing.add_scatter(
        x=messages, y=ratios, mode="lines+markers", line={"color": look.ORANGE, "width": 3}, row=1, col=2
    )
    drawing.add_vline(x=1, line={"color": look.GRAY, "width": 1.5, "dash": "dot"}, row=1, col=1)
    drawing.add_hline(y=1, line={"color": look.GRAY, "width": 1.5, "dash": "dot"}, row=1, col=2)
    look.finish(
        drawing,
        f"1F1B takes {unequal.min():.2f} to {unequal.max():.2f} of GPipe's time with unequal stages, up to "
        f"{max(ratios):.2f} with slow messages",
        f"Left: {len(unequal):,} pipelines drawn at random; right: 4 stages, 16 microbatches",
    )
    name = "time of 1F1B / time of GPipe"
    drawing.update_xaxes(title_text=name, range=[min(0.7, unequal.min() - 0.02), 1.03], col=1)
    drawing.update_yaxes(title_text="pipelines", col=1)
    drawing.update_xaxes(title_text="time of a message, in forward passes", col=2, rangemode="tozero")
    drawing.update_yaxes(title_text=name, col=2)
    drawing.update_layout(height=430, margin_t=115)
    return drawing
