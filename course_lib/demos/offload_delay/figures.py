"""The pictures of question 10: what is copied and computed when, and which remedy is enough."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from course_lib.demos import look
from course_lib.offload.pipeline import Schedule

COPY, COMPUTE = look.ORANGE, look.BLUE
HEIGHT = 0.42  # of a bar, half of it


def spans(starts_and_ends: np.ndarray, place: float) -> tuple[list, list]:
    """x and y (ms and row) of a filled bar for each start and end (n, 2), in seconds; none for empty ones."""
    xs, ys = [], []
    for start, end in 1e3 * np.asarray(starts_and_ends):
        if end > start:
            xs += [start, end, end, start, start, None]
            ys += [place - HEIGHT, place - HEIGHT, place + HEIGHT, place + HEIGHT, place - HEIGHT, None]
    return xs, ys


def rows(schedules: Sequence[Schedule]) -> list[dict]:
    """Copies and computes of several schedules one below the other, as `look.paint` takes them."""
    drawn = [([], []), ([], [])]
    for place, schedule in enumerate(schedules):
        for side, (bars, (xs, ys)) in enumerate(
            zip((schedule.copies, schedule.computes), drawn, strict=True)
        ):
            x, y = spans(bars, 2.5 * place + side)
            xs += x
            ys += y
    return [{"x": xs, "y": ys} for xs, ys in drawn]


def frame(names: Sequence[str]) -> go.Figure:
    """Two rows a schedule, the link's and the card's, still empty; the names stand above them."""
    drawing = go.Figure()
    for color, what in ((COPY, "copy"), (COMPUTE, "compute")):
        drawing.add_scatter(
            mode="lines", fill="toself", fillcolor=color, line={"color": "white", "width": 1},
            hoverinfo="text", text=what,
        )  # fmt: skip
    places = [2.5 * place + side for place in range(len(names)) for side in (0, 1)]
    for place, name in enumerate(names):
        drawing.add_annotation(
            text=name, x=0, y=2.5 * place - 0.75, xanchor="left", showarrow=False, font_size=15
        )
    look.finish(drawing, "")
    drawing.update_xaxes(title_text="time (ms)", rangemode="tozero")
    drawing.update_yaxes(
        range=[places[-1] + 0.6, -1.1],
        tickvals=places,
        ticktext=["link", "card"] * len(names),
        showgrid=False,
    )
    drawing.update_layout(height=170 + 115 * len(names), margin_l=60)
    return drawing


def in_ms(seconds: float) -> str:
    """A duration in ms, to three digits: 5.91 ms, 1,150 ms."""
    milliseconds = 1e3 * seconds
    return f"{milliseconds:,.0f} ms" if abs(milliseconds) >= 99.95 else f"{milliseconds:.3g} ms"


def timelines(schedules: Mapping[str, Schedule], finding: str, detail: str = "") -> go.Figure:
    """Named schedules one below the other: when the link copied, when the card (or processor) computed."""
    named = [f"{name}: {in_ms(schedule.seconds)}" for name, schedule in schedules.items()]
    return look.paint(frame(named), rows(list(schedules.values())), finding, detail)


def one_two_unlimited(schedules: Mapping[str, Schedule]) -> go.Figure:
    """The same layers through 1, 2 and unlimited buffers; the title says what each brings."""
    first, second, last = (schedule.seconds for schedule in schedules.values())
    return timelines(
        schedules,
        f"A second buffer saves {in_ms(first - second)}, all further ones {in_ms(second - last)}",
        "A copy and the computing of the layer before it overlap once there is a buffer to copy to",
    )


def all_or_what_does_not_fit(
    everything: Schedule, cold: Schedule, tokens: int, cold_tokens: int
) -> go.Figure:
    """A token when the whole cache crosses, and when only what does not fit does."""
    names = (f"All {tokens:,} tokens cross", f"Only the {cold_tokens:,} that do not fit cross")
    copied = [1e3 * float(np.diff(schedule.copies).sum()) for schedule in (everything, cold)]
    work = 1e3 * float(np.diff(cold.computes).sum())
    waits = 1e3 * cold.seconds - work
    return timelines(
        dict(zip(names, (everything, cold), strict=True)),
        f"{copied[0]:.0f} ms of copies per token, or {copied[1]:.1f} ms, of which it waits {waits:.1f} ms",
        f"Both with a second buffer; the card alone needs {work:.1f} ms, most of it to read the weights",
    )


def measured_overlap(in_turn: Schedule, overlapped: Schedule, saved: float) -> go.Figure:
    """A real step in turn and overlapped; `saved` is the share of what could be saved, over all repeats."""
    gain = 1 - overlapped.seconds / in_turn.seconds
    return timelines(
        {"one buffer, in turn": in_turn, "two buffers, two workers": overlapped},
        f"Overlap saved {saved:.0%} of what it can save at most",
        f"As measured; the step shown became {gain:.0%} shorter",
    )


def measured_and_predicted(
    names: Sequence[str], measured: Sequence[float], predicted: Sequence[float], alone: float
) -> go.Figure:
    """Seconds of a step with each remedy: bars predicted, dots measured; `alone`: nothing crosses."""
    drawing = go.Figure()
    error = float(np.median(np.abs(np.divide(predicted, measured) - 1)))
    drawing.add_bar(x=1e3 * np.array(predicted), y=names, orientation="h", marker_color="#CFCFCF", width=0.6)
    drawing.add_scatter(
        x=1e3 * np.array(measured), y=names, mode="markers", marker={"size": 13, "color": look.BLUE}
    )
    drawing.add_vline(x=1e3 * alone, line={"color": look.GREEN, "width": 2, "dash": "dash"})
    drawing.add_annotation(
        x=1e3 * alone, y=1, yref="paper", text="nothing crosses", font_color=look.GREEN, showarrow=False,
        xanchor="left", xshift=4, yanchor="bottom",
    )  # fmt: skip
    look.finish(
        drawing,
        f"From {1e3 * max(measured):.0f} ms to {1e3 * min(measured):.0f} ms per step",
        f"<span style='color:{look.BLUE}'>●</span> measured, gray bars predicted by your functions; "
        f"half of them within {error:.0%}",
    )
    drawing.update_xaxes(title_text="time of a step (ms)", rangemode="tozero")
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_layout(height=190 + 40 * len(names), margin={"l": 20, "t": 110})
    return drawing


def fixes(
    contexts: Sequence[int], budgets: Sequence[float], chosen: Sequence[Sequence[Sequence[str] | None]]
) -> go.Figure:
    """The cheapest remedies for each budget (row, seconds) and context (column, tokens); None: none helps."""
    texts = [
        ["nothing helps" if names is None else "<br>".join(names) or "nothing needed" for names in row]
        for row in chosen
    ]
    counts = [[np.nan if names is None else len(names) for names in row] for row in chosen]
    kinds = len({text for row in texts for text in row} - {"nothing helps", "nothing needed"})
    most = int(np.nanmax(counts))
    drawing = go.Figure(
        go.Heatmap(
            z=counts, x=[f"{context:,}" for context in contexts], y=[f"{1e3 * b:g}" for b in budgets],
            text=texts, texttemplate="%{text}", textfont_size=13, showscale=False, zmin=0, zmax=4,
            colorscale=[[0, "#FFFFFF"], [1, look.SKY]], xgap=3, ygap=3, hoverinfo="skip",
        )
    )  # fmt: skip
    look.finish(
        drawing,
        f"{kinds} different answers, of up to {most} remedies, by context and budget",
        "The cheapest remedies that bring a token within the budget; the more remedies, the darker",
    )
    drawing.update_xaxes(title_text="context (tokens)", type="category", showgrid=False)
    drawing.update_yaxes(
        title_text="budget per token (ms)", type="category", autorange="reversed", showgrid=False
    )
    drawing.update_layout(height=170 + 78 * len(budgets))
    return drawing
