"""The pictures of question 8, each drawn from numbers the student's own functions computed or took."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look

WITHOUT, WITH, LIBRARY = look.ORANGE, look.BLUE, look.GREEN


def _lines(drawing: go.Figure, x, lines: Mapping[str, Sequence[float]], colors, **where) -> list[tuple]:
    """Draw lines on two logarithmic axes; returns their ends for `look.label`. NaN is not drawn."""
    ends = []
    for (name, values), color in zip(lines.items(), colors, strict=False):
        values = np.asarray(values, float)
        drawing.add_scatter(x=x, y=values, mode="lines+markers", line_color=color, marker_size=8, **where)
        last = int(np.flatnonzero(np.isfinite(values))[-1])
        ends.append((np.log10(x[last]), np.log10(values[last]), name, color))
    return ends


def work_of_a_token(
    positions: Sequence[int], flops: Mapping[str, Sequence[float]], nbytes: Mapping[str, Sequence[float]]
) -> go.Figure:
    """FLOPs, and beside them bytes read, of the token after n; a line each without a cache and with one."""
    drawing = make_subplots(cols=2, horizontal_spacing=0.2, subplot_titles=("FLOPs", "bytes read"))
    for column, lines in ((1, flops), (2, nbytes)):
        ends = _lines(drawing, positions, lines, (WITHOUT, WITH), row=1, col=column)
        tall = np.log10(np.max([*lines.values()]) / np.min([*lines.values()]))
        look.label(drawing, ends, gap=0.08 * max(tall, 0.3), row=1, col=column)
    (without, with_), (read, reread) = (list(map(np.asarray, part.values())) for part in (flops, nbytes))
    look.finish(
        drawing,
        f"At {positions[-1]:,} tokens a cache saves all but 1/{without[-1] / with_[-1]:,.0f} of the FLOPs",
        f"but reads {reread[-1] / read[-1]:.2f} times the bytes: all weights are read either way",
    )
    drawing.update_xaxes(title_text="tokens so far, n", type="log", dtick=1)
    drawing.update_yaxes(type="log", tickformat="~s", dtick=1, exponentformat="SI")
    drawing.update_yaxes(title_text="FLOPs of the next token", col=1)
    drawing.update_yaxes(title_text="bytes of the next token", dtick=None, nticks=5, col=2)
    drawing.update_layout(margin_r=130, margin_t=130, height=450)
    return drawing


def time_of_a_token(
    positions: Sequence[int], milliseconds: Mapping[str, Sequence[float]], since: int
) -> go.Figure:
    """Milliseconds of the token after n, a line a way to compute it; NaN where it was not measured.

    The first line is the one without a cache, the second the student's cache, whose last token is compared
    with that at `since` tokens.
    """
    positions = np.asarray(positions)
    drawing = go.Figure()
    ends = _lines(drawing, positions, milliseconds, (WITHOUT, WITH, LIBRARY))
    look.label(drawing, ends, gap=0.13)
    without, cached = (np.asarray(values, float) for values in list(milliseconds.values())[:2])
    both = np.flatnonzero(np.isfinite(without) & np.isfinite(cached))
    last, end = both[-1], np.flatnonzero(np.isfinite(cached))[-1]
    grown = cached[end] / cached[list(positions).index(since)]
    look.finish(
        drawing,
        f"At {positions[last]:,} tokens the cache saves {1 - cached[last] / without[last]:.0%} of the time",
        f"With it, too, a token at {positions[end]:,} takes {grown:.1f} times as long as one at {since:,}",
    )
    drawing.update_xaxes(title_text="tokens so far, n", type="log", dtick=1)
    drawing.update_yaxes(title_text="time of the next token (ms)", type="log", dtick=1)
    drawing.update_layout(margin_r=190, height=470)
    return drawing


def times_saved(
    lengths: Sequence[int], measured: Sequence[float], flops: Sequence[float], marked: Sequence[int]
) -> go.Figure:
    """How many times as long n tokens take without a cache, measured and by FLOPs; `marked` n are labeled."""
    lengths, measured = np.asarray(lengths), np.asarray(measured, float)
    drawing = go.Figure()
    lines = {"FLOPs saved": flops, "time saved": measured}
    look.label(drawing, _lines(drawing, lengths, lines, (look.GRAY, WITH)), gap=0.15)
    drawing.add_hline(y=1, line_color="#BBBBBB", line_width=1.5, layer="below")
    at = {n: measured[int(np.argmin(np.abs(lengths - n)))] for n in marked}
    for n, times in at.items():
        drawing.add_annotation(
            x=np.log10(n), y=np.log10(times), text=f"{n:,}: {times:.1f}×", showarrow=True, ax=0, ay=32,
            font_color=WITH, arrowcolor=WITH,
        )  # fmt: skip
    few, many = min(marked), max(marked)
    look.finish(
        drawing,
        f"Without a cache, {few} tokens take {'only ' if at[few] < 2 else ''}{at[few]:.1f} times as long, "
        f"{many:,} tokens {at[many]:.0f} times",
        f"FLOPs alone would promise {flops[-1]:,.0f} times, but the weights must be read for every token",
    )
    drawing.update_xaxes(title_text="tokens generated in all, n", type="log", dtick=1)
    drawing.update_yaxes(title_text="time without a cache, divided by the time with one", type="log", dtick=1)
    drawing.update_layout(margin_r=130, height=450)
    return drawing


def what_to_keep(
    names: Sequence[str], milliseconds: Sequence[float], nbytes: Sequence[float], n: int
) -> go.Figure:
    """Time of the next token and bytes kept, a bar for each choice of what to keep of the n tokens before."""
    drawing = make_subplots(
        cols=2, horizontal_spacing=0.16, subplot_titles=("time of the next token", "kept")
    )
    colors = [WITHOUT, look.PURPLE, WITH][: len(names)]
    for column, values, form in ((1, milliseconds, "{:.1f} ms"), (2, np.asarray(nbytes) / 1e6, "{:.1f} MB")):
        drawing.add_bar(
            x=list(names), y=list(values), marker_color=colors, text=[form.format(v) for v in values],
            textposition="outside", cliponaxis=False, row=1, col=column,
        )  # fmt: skip
        drawing.update_yaxes(range=[0, 1.18 * max(values)], row=1, col=column)
    best = int(np.argmin(milliseconds))
    second = float(np.min(np.delete(np.asarray(milliseconds), best)))
    look.finish(
        drawing,
        f"Keep the {names[best]}: the other ways compute old tokens again",
        f"After {n:,} tokens; the next best takes {second / milliseconds[best]:.0f} times as long",
    )
    lines = [name.replace(" ", "<br>", 1) for name in names]
    drawing.update_xaxes(title_text="what is kept", tickvals=list(names), ticktext=lines)
    drawing.update_yaxes(title_text="ms", col=1)
    drawing.update_yaxes(title_text="MB", col=2)
    drawing.update_layout(height=430, margin_t=130)
    return drawing
