"""The pictures of lab 2, each drawn from numbers that the student's own kernels gave."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.cuda import Report
from course_lib.cuda.measured import SECTOR_BYTES
from course_lib.demos import look

COLORS = {"map": look.ORANGE, "zip": look.BLUE, "reduce": look.PURPLE, "matmul": look.GREEN}


def bytes_moved(ways: Mapping[str, Sequence[Report]], layout: str) -> go.Figure:
    """Bytes that each way's kernels move, a bar for each kernel, as whole sectors; `layout` says of what."""
    drawing, totals = go.Figure(), {}
    for name, reports in ways.items():
        start = 0.0
        for report in reports:
            moved = report.sectors * SECTOR_BYTES / 1024
            verb = report.kernel.removesuffix("_strided")
            drawing.add_bar(
                y=[name], x=[moved], base=start, orientation="h", marker_color=COLORS[verb],
                marker_line={"color": "white", "width": 2}, text=f"{verb}: {moved:,.0f} KiB",
                textposition="inside", insidetextanchor="middle", textangle=0,
                insidetextfont={"color": "white", "size": 16}, hoverinfo="skip",
            )  # fmt: skip
            start += moved
        totals[name] = start
    (first, alone), (second, both) = totals.items()
    look.finish(
        drawing,
        f"{second.capitalize()}, a product moves {both / alone:.1f} times the bytes "
        f"of one that reads its operand {first}",
        f"{layout}, counted by the inspector in sectors of {SECTOR_BYTES} bytes",
    )
    drawing.update_layout(barmode="overlay", height=330, margin={"l": 130, "t": 120}, bargap=0.35)
    drawing.update_xaxes(title_text="moved to and from global memory (KiB)", rangemode="tozero")
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


def launches_of_a_step(parts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Launches of the parts of a training step, a bar each, by kernel: forward and backward, and updates."""
    drawing = go.Figure()
    totals = {name: sum(counts.values()) for name, counts in parts.items()}
    for verb, color in COLORS.items():
        numbers = [counts.get(f"{verb}_strided", 0) for counts in parts.values()]
        drawing.add_bar(
            y=list(parts), x=numbers, orientation="h", name=verb, marker_color=color,
            marker_line={"color": "white", "width": 2},
            text=[f"{verb} {number}" if number >= 6 else "" for number in numbers],
            textposition="inside", insidetextanchor="middle", textangle=0,
            insidetextfont={"color": "white", "size": 15},
            hovertemplate="%{y}: %{x} launches of " + verb + "<extra></extra>",
        )  # fmt: skip
    for name, total in totals.items():
        drawing.add_annotation(x=total, y=name, text=f"{total}", xanchor="left", xshift=6, showarrow=False)
    network, sgd, adam = totals.values()
    look.finish(
        drawing,
        f"A step launches {network + sgd} kernels with SGD and {network + adam} with Adam",
        f"the network itself takes {network}: an update is not free where each launch does little",
    )
    drawing.update_layout(
        barmode="stack", height=390, margin={"l": 190, "t": 150, "r": 50}, bargap=0.3, showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    drawing.update_xaxes(title_text="launches per step")
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


PARTS = {
    "fresh": "fresh<br>reviews",
    "held_out": "held-out<br>pairs",
    "same_words": "the same<br>words",
}


def right_answers(
    results: Mapping[str, Sequence[Mapping[str, float]]], parts: Sequence[str] = tuple(PARTS)
) -> go.Figure:
    """Percent right, a panel for each way to train, a dot for each run and part."""
    drawing = make_subplots(cols=len(results), shared_yaxes=True, horizontal_spacing=0.03,
                            subplot_titles=list(results))  # fmt: skip
    colors = dict(zip(parts, (look.BLUE, look.ORANGE, look.GREEN), strict=True))
    for column, runs in enumerate(results.values(), 1):
        for place, part in enumerate(parts):
            shifts = [place + 0.16 * (number - (len(runs) - 1) / 2) for number in range(len(runs))]
            drawing.add_scatter(
                x=shifts, y=[run[part] for run in runs], mode="markers", marker_size=11,
                marker_color=colors[part], hovertemplate="%{y:.1f} %<extra></extra>", row=1, col=column,
            )  # fmt: skip
        drawing.add_hline(y=50, line={"color": look.GRAY, "width": 1.5, "dash": "dot"}, row=1, col=column)
    known, straight, *_ = results.values()
    held_out = [[run["held_out"] for run in runs] for runs in (known, straight)]
    look.finish(
        drawing,
        f"Held-out pairs: at least {min(held_out[0]):.0f} % with a hidden layer, "
        f"at most {max(held_out[1]):.0f} % without",
        f"each dot is one of {len(known)} seeds; the line is guessing",
    )
    drawing.update_xaxes(
        title_text="", tickvals=list(range(len(parts))), ticktext=[PARTS[part] for part in parts],
        range=[-0.6, len(parts) - 0.4], tickfont_size=14, tickangle=0, showgrid=False,
    )  # fmt: skip
    drawing.update_yaxes(range=[-4, 106])
    drawing.update_yaxes(title_text="right (%)", col=1)
    drawing.update_layout(height=480, margin={"t": 140, "b": 80})
    return drawing
