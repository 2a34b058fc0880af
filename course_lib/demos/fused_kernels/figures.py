"""The pictures of lab 4, each drawn from what the student's own kernels did."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from course_lib.demos import look

_COLORS = {"reads": look.BLUE, "writes": look.ORANGE}
_ROOM = 1.5  # accesses whose bar has room for a number


def accesses(chains: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Reads and writes per value of each chain, a bar above that of the fused kernel in its place.

    `chains` has by name "chain reads", "chain writes", "fused reads" and "fused writes".
    """
    drawing = go.Figure()
    ways = [(name, way) for name in chains for way in ("chain", "fused")]
    rows = [f"{name}: {way}" for name, way in ways]
    totals = dict.fromkeys(ways, 0.0)
    for access, color in _COLORS.items():
        numbers = [chains[name][f"{way} {access}"] for name, way in ways]
        drawing.add_bar(
            y=rows, x=numbers, base=list(totals.values()), orientation="h", name=access, marker_color=color,
            marker_line={"color": "white", "width": 1},
            text=[f"{number:.1f}" if number >= _ROOM else "" for number in numbers],
            textposition="inside", insidetextanchor="middle", textangle=0,
            insidetextfont={"color": "white", "size": 14},
            hovertemplate="%{y}: %{x:.2f} " + access + " per value<extra></extra>",
        )  # fmt: skip
        totals = {pair: total + number for (pair, total), number in zip(totals.items(), numbers, strict=True)}
    for row, total in zip(rows, totals.values(), strict=True):
        drawing.add_annotation(x=total, y=row, text=f"{total:.1f}", xanchor="left", xshift=6, showarrow=False)
    times = [totals[name, "chain"] / totals[name, "fused"] for name in chains]
    look.finish(
        drawing,
        f"A chain of kernels moves {min(times):.1f} to {max(times):.1f} times what one fused kernel moves",
        "<span style='color:{reads}'>reads</span> and <span style='color:{writes}'>writes</span> "
        "of global memory for each value of a row, counted by the inspector".format(**_COLORS),
    )
    drawing.update_layout(barmode="overlay", height=150 + 44 * len(rows), bargap=0.25,
                          margin={"l": 250, "r": 50, "t": 100})  # fmt: skip
    drawing.update_xaxes(title_text="accesses per value", rangemode="tozero")
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


def errors(means: Sequence[float], two_pass: Sequence[float], one_pass: Sequence[float]) -> go.Figure:
    """The largest relative error of a row's variance at each mean: in two passes, and as E[x²] − E[x]²."""
    drawing, ends = go.Figure(), []
    for name, numbers, color in (
        ("E[x²] − E[x]²", one_pass, look.ORANGE),
        ("distances from the mean", two_pass, look.BLUE),
    ):
        drawing.add_scatter(
            x=list(means), y=list(numbers), mode="lines+markers", line_color=color, marker_size=9,
            hovertemplate="mean %{x:,}: off by %{y:.2g} of the variance<extra>" + name + "</extra>",
        )  # fmt: skip
        ends.append((float(np.log10(means[-1])), float(np.log10(numbers[-1])), name, color))
    drawing.add_hline(y=1, line={"color": look.GRAY, "width": 1.5, "dash": "dot"})
    look.label(drawing, ends, 0.5)
    look.finish(
        drawing,
        f"At a mean of {means[-1]:,}, E[x²] − E[x]² is off by {one_pass[-1]:.2g} times the variance, "
        f"the other way by {_in_powers(two_pass[-1])}",
        "variance of a row in float32, the worst row; dotted: an error as large as the variance",
    )
    drawing.update_layout(margin={"r": 210, "t": 110})
    drawing.update_xaxes(
        title_text="mean of the row (its deviation is 1)", type="log", tickvals=list(means),
        ticktext=[f"{mean:,}" for mean in means],
        range=[float(np.log10(means[0])) - 0.1, float(np.log10(means[-1])) + 0.1],
    )  # fmt: skip
    drawing.update_yaxes(
        title_text="relative error of the variance", type="log", exponentformat="power", dtick=2
    )
    return drawing


def losses(without: Sequence[float], fused: Sequence[float]) -> go.Figure:
    """The loss of each step of a training without fused kernels (line), and of one with them (dots)."""
    steps = list(range(1, len(without) + 1))
    apart = max(abs(a - b) / abs(a) for a, b in zip(without, fused, strict=True))
    drawing = go.Figure()
    drawing.add_scatter(
        x=steps, y=list(without), mode="lines", line={"color": look.BLUE, "width": 3}, name="without"
    )
    drawing.add_scatter(
        x=steps, y=list(fused), mode="markers", marker={"color": look.ORANGE, "size": 11}, name="fused"
    )
    said = f"by at most {_in_powers(apart)} of their size" if apart else "in no digit"
    look.finish(
        drawing,
        f"With fused kernels and without, the losses of {len(steps)} steps differ {said}",
        f"<span style='color:{look.BLUE}'>line: without</span>, "
        f"<span style='color:{look.ORANGE}'>dots: on your fused kernels</span>",
    )
    drawing.update_xaxes(title_text="step", dtick=1)
    drawing.update_yaxes(title_text="loss")
    drawing.update_layout(height=420)
    return drawing


def _in_powers(number: float) -> str:
    """One digit and a power of ten, as in 8 · 10⁻⁷."""
    digit, power = f"{number:.0e}".split("e")
    return f"{digit} · 10<sup>{int(power)}</sup>"
