"""The pictures of question 1, each drawn from numbers that were computed, counted or measured before."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.cuda import Report
from course_lib.demos import look
from course_lib.demos.nonlinearity.picture import BLUE_TO_ORANGE, CLASS_COLORS, CLASS_SYMBOLS

REST = "#C9CED3"  # what is not the activation, in the figure of its cost


def curves(x: np.ndarray, values: Mapping[str, np.ndarray], slopes: Mapping[str, np.ndarray]) -> go.Figure:
    """Activations over x (n,) and their slopes; the title says which pass no gradient back at x = -3."""
    drawing = make_subplots(cols=2, horizontal_spacing=0.2, subplot_titles=("f(x)", "slope f'(x)"))
    for column, lines in enumerate((values, slopes), 1):
        ends = []
        for color, (name, y) in zip(look.COLORS, lines.items(), strict=False):
            drawing.add_scatter(
                x=x, y=y, mode="lines", line={"color": color, "width": 3}, row=1, col=column,
                hovertemplate=f"{name}: %{{y:.4f}}<extra></extra>",
            )  # fmt: skip
            ends.append((x[-1], y[-1], name, color))
        spread = np.ptp(np.concatenate(list(lines.values())))
        look.label(drawing, ends, gap=spread / 13, row=1, col=column)
    at = int(np.argmin(np.abs(x + 3)))
    dead = [name for name, slope in slopes.items() if slope[at] == 0]
    passed = [f"{name} {slope[at]:+.3f}" for name, slope in slopes.items() if slope[at] != 0]
    look.finish(
        drawing,
        f"At x = {x[at]:g}, {' and '.join(dead) or 'no function'} passes no gradient back, "
        f"{len(passed)} of {len(slopes)} functions do",
        f"slopes there: {', '.join(passed)}",
    )
    drawing.update_xaxes(title_text="input x", range=[x[0], x[-1]])
    drawing.update_yaxes(title_text="f(x)", col=1)
    drawing.update_yaxes(title_text="f'(x)", col=2)
    drawing.update_layout(height=450, margin={"r": 110, "t": 120})
    return drawing


def pieces(found: Sequence[tuple[float, float, float, float]], units: int) -> go.Figure:
    """A function of straight pieces (left, right, slope, intercept), each drawn in turn blue or orange."""
    drawing = go.Figure()
    for number, (left, right, slope, intercept) in enumerate(found):
        drawing.add_scatter(
            x=[left, right], y=[slope * left + intercept, slope * right + intercept], mode="lines",
            line={"color": CLASS_COLORS[number % 2], "width": 4},
            hovertemplate=f"piece {number + 1}: slope {slope:.3f}<extra></extra>",
        )  # fmt: skip
    kinks = [(left, slope * left + intercept) for left, _, slope, intercept in found[1:]]
    drawing.add_scatter(
        x=[x for x, _ in kinks], y=[y for _, y in kinks], mode="markers", hoverinfo="skip",
        marker={"color": look.TEXT, "size": 9},
    )  # fmt: skip
    look.finish(
        drawing,
        f"{units} ReLU units: {len(kinks)} kink{'s' * (len(kinks) != 1)}, "
        f"{len(found)} straight piece{'s' * (len(found) != 1)}",
        f"from x = {found[0][0]:g} to {found[-1][1]:g}; without ReLU it would be one piece",
    )
    drawing.update_xaxes(title_text="input x")
    drawing.update_yaxes(title_text="output f(x)")
    drawing.update_layout(height=380)
    return drawing


def accuracies(
    names: Sequence[str], runs: Mapping[str, np.ndarray], lines: Mapping[str, Sequence[float]]
) -> go.Figure:
    """Accuracy (activations, seeds) on each point set, every run a dot; dashed, what the best line gets.

    The first activation is the identity; `lines` holds the best line's accuracy on each seed's points.
    """
    drawing = make_subplots(
        cols=len(runs), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=list(runs)
    )
    for column, (points, accuracy) in enumerate(runs.items(), 1):
        percent = 100 * np.asarray(accuracy)
        drawing.add_scatter(
            x=percent.ravel(), y=np.repeat(names, percent.shape[1]), mode="markers", row=1, col=column,
            marker={
                "size": 12, "opacity": 0.65,
                "color": np.repeat([look.ORANGE] + [look.BLUE] * (len(names) - 1), percent.shape[1]),
            },
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )  # fmt: skip
        line = 100 * max(lines[points])
        drawing.add_vline(x=line, line={"color": look.GRAY, "dash": "dash", "width": 2.5}, row=1, col=column)
        drawing.add_annotation(
            x=line, y=names[1], xanchor="right", xshift=-6, text=f"best line<br>{line:.0f} %", align="right",
            showarrow=False, font={"color": "#6E6E6E", "size": 14}, row=1, col=column,
        )  # fmt: skip
    straight = [100 * np.min([a[0] for a in runs.values()]), 100 * np.max([a[0] for a in runs.values()])]
    bent = 100 * min(np.min(a[1:]) for a in runs.values())
    look.finish(
        drawing,
        f"{names[0].capitalize()} gets {straight[0]:.0f} to {straight[1]:.0f} %, "
        f"each of the {len(names) - 1} others at least {bent:.0f} %",
        f"fresh points, {len(next(iter(lines.values())))} seeds, every run a dot",
    )
    drawing.update_xaxes(range=[38, 103], title_text="points right (%)")
    drawing.update_yaxes(autorange="reversed")
    drawing.update_layout(height=450, margin_t=120)
    return drawing


def maps(
    names: Sequence[str],
    runs: Mapping[str, np.ndarray],
    points: Mapping[str, tuple],
    reach: Mapping[str, float],
) -> go.Figure:
    """Probability of class 1 over the plane, a row per point set, a column per activation, of one seed.

    runs: (activations, side, side) for each set; points: x (n, 2) and y (n,) that were learned;
    reach: how far the plane goes from the origin.
    """
    drawing = make_subplots(
        rows=len(runs), cols=len(names), horizontal_spacing=0.02, vertical_spacing=0.03,
        column_titles=list(names), row_titles=list(runs),
    )  # fmt: skip
    for row, (name, certainty) in enumerate(runs.items(), 1):
        x, y = points[name]
        along = np.linspace(-reach[name], reach[name], certainty.shape[1], dtype=np.float32)
        for column, z in enumerate(certainty, 1):
            drawing.add_heatmap(
                x=along, y=along, z=np.rint(100 * z).astype(np.uint8), zmin=0, zmax=100, zsmooth="fast",
                colorscale=BLUE_TO_ORANGE, showscale=False, hoverinfo="skip", row=row, col=column,
            )  # fmt: skip
            for label in (0, 1):
                drawing.add_scatter(
                    x=x[y == label, 0], y=x[y == label, 1], mode="markers", hoverinfo="skip",
                    marker={"color": CLASS_COLORS[label], "symbol": CLASS_SYMBOLS[label], "size": 3.5},
                    row=row, col=column,
                )  # fmt: skip
    even = np.mean([np.abs(z[0] - 0.5).mean() for z in runs.values()])
    sure = np.mean([np.abs(z[1] - 0.5).mean() for z in runs.values()])
    look.finish(
        drawing,
        f"{names[0].capitalize()} can only tilt a plane: {100 * (0.5 + even):.0f} % sure on average, "
        f"{names[1]} {100 * (0.5 + sure):.0f} %",
        "color: the class that the network expects; the paler, the less sure",
    )
    drawing.update_xaxes(visible=False, constrain="domain")
    drawing.update_yaxes(visible=False, constrain="domain")
    for row in range(len(runs)):
        for column in range(len(names)):
            number = row * len(names) + column + 1
            drawing.update_yaxes(scaleanchor=f"x{number if number > 1 else ''}", row=row + 1, col=column + 1)
    drawing.update_layout(height=190 * len(runs) + 120, margin={"l": 10, "r": 50, "t": 120, "b": 10})
    return drawing


def traffic(launches: Mapping[str, Sequence[Report]]) -> go.Figure:
    """Bytes per value that the threads of each way's kernels read and write, as the inspector counted them.

    A way is one kernel or several; the arrays of all of them are named by the kernels' parameters.
    """
    drawing = go.Figure()
    totals = {}
    colors = {"read": look.BLUE, "write": look.ORANGE}
    for way, reports in launches.items():
        values = max(array.writes for array in reports[-1].arrays)
        start = 0.0
        for number, report in enumerate(reports):
            for moved in sorted(report.totals, key=lambda moved: moved.access):  # reads first
                width = moved.bytes / values
                drawing.add_bar(
                    y=[way], x=[width], base=start, orientation="h", marker_color=colors[moved.access],
                    marker_line={"color": "white", "width": 2},
                    text=f"{'reads' if moved.access == 'read' else 'writes'}<br>{moved.array}",
                    textangle=0, textposition="inside", insidetextanchor="middle",
                    insidetextfont={"color": "white", "size": 15},
                    hovertemplate=f"{report.kernel} {moved.access}s {moved.array}: "
                    f"{width:g} bytes per value<extra></extra>",
                )  # fmt: skip
                start += width
            if number + 1 < len(reports):
                drawing.add_annotation(
                    x=start, y=way, yshift=58, text="next kernel ▸", showarrow=False, font_color="#6E6E6E"
                )
        totals[way] = start
        drawing.add_annotation(
            x=start, y=way, text=f"{start:.0f} bytes", xanchor="left", xshift=8, showarrow=False
        )
    (_, first), *_, (name, last) = totals.items()
    look.finish(
        drawing,
        f"{name.capitalize()}: {last:.0f} bytes per value instead of {first:.0f}, the same FLOPs",
        "what the inspector counted; the bias is read by every thread, and mostly from the cache",
    )
    drawing.update_layout(barmode="overlay", height=370, margin={"l": 90, "r": 110}, bargap=0.35)
    drawing.update_xaxes(title_text="bytes moved for each value (FP32)", rangemode="tozero")
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    return drawing


def cost(shares: Mapping[str, tuple[float, float]], block: str) -> go.Figure:
    """The activation's share of a block, a row per measure of cost: as a kernel of its own, and fused.

    shares: label -> (own, fused), each between 0 and 1, or nan where noise is larger: that gets no bar. The
    first is the share of FLOPs, the last that of the time in the title; `block` says which block.
    """
    names = list(shares)
    drawing = make_subplots(
        cols=2, shared_yaxes=True, horizontal_spacing=0.05,
        subplot_titles=("a kernel of its own", "fused into the product before it"),
    )  # fmt: skip
    for column in (1, 2):
        percent = np.array([100 * shares[name][column - 1] for name in names])
        part = np.nan_to_num(percent)
        for x, base, color in ((part, 0 * part, look.ORANGE), (100 - part, part, REST)):
            drawing.add_bar(
                y=names, x=x, base=base, orientation="h", marker_color=color, row=1, col=column,
                customdata=percent, hovertemplate="%{y}: %{customdata:.2f} % activation<extra></extra>",
            )  # fmt: skip
        for name, value, end in zip(names, percent, part, strict=True):
            drawing.add_annotation(
                x=end, y=name, text=f"<b>{_percent(value)}</b>", xanchor="left", xshift=6, showarrow=False,
                font={"size": 18, "color": look.TEXT}, row=1, col=column,
            )  # fmt: skip
    (flops, _), *_, (own, fused) = shares.values()
    look.finish(
        drawing,
        f"ReLU is {_percent(100 * flops)} of the FLOPs, yet {_percent(100 * own)} of the time, "
        f"unless it is fused: {_percent(100 * fused)}",
        f"{block}: orange is ReLU, gray all the rest; the title's time is that of the last row",
    )
    drawing.update_layout(
        barmode="overlay",
        height=150 + 62 * len(names),
        margin={"l": 170, "t": 130},
        title={"xref": "container", "x": 0.01},
        bargap=0.28,
    )
    drawing.update_xaxes(title_text="share (%)", range=[0, 100], showgrid=False)
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


def _percent(value: float) -> str:
    """Whole percents from 10 up, hundredths below 1; zero only where it is exact."""
    if np.isnan(value):
        return "less than the noise"
    digits = 0 if value >= 9.95 or value == 0 else 1 if value >= 0.95 else 2
    return f"{value:.{digits}f} %"
