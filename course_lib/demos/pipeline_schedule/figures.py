"""The chart of lab 5's first demo: who works when, and under each stage the microbatches that it keeps."""

import plotly.graph_objects as go

from course_lib.demos import look
from course_lib.demos.pipeline_schedule import picture
from course_lib.demos.pipeline_schedule.picture import Played, Setting

PASSES = {"F": ("forward", look.BLUE), "B": ("backward", look.ORANGE)}
KEPT = look.PURPLE
# Of the height of a stage, from its middle: its bars from TOP to BOTTOM, below them what it keeps.
TOP, BOTTOM, BASE, HIGHEST = -0.42, -0.04, 0.44, 0.42
PLOT, DIGIT = 600, 8  # pixels of the plot in the narrowest figure, and of a digit with the room around it


def frame() -> go.Figure:
    """Bars, what is kept, numbers in bars, its most beside it, and where the other schedule ends: empty."""
    drawing = go.Figure()
    for _, color in PASSES.values():
        drawing.add_scatter(
            mode="lines", fill="toself", fillcolor=color, line={"color": "white", "width": 1},
            hoverinfo="skip",
        )  # fmt: skip
    drawing.add_scatter(mode="lines", fill="toself", fillcolor=KEPT, line_width=0, hoverinfo="skip")
    drawing.add_scatter(
        mode="markers", marker={"opacity": 0, "size": 12}, hovertemplate="%{customdata}<extra></extra>"
    )
    drawing.add_scatter(mode="text", textfont={"color": "white", "size": 12}, hoverinfo="skip")
    drawing.add_scatter(
        mode="text", textposition="middle right", textfont={"color": KEPT, "size": 15}, hoverinfo="skip",
        cliponaxis=False,
    )  # fmt: skip
    drawing.add_scatter(mode="lines", line={"color": look.TEXT, "width": 2, "dash": "dot"}, hoverinfo="skip")
    look.finish(drawing, "")
    drawing.update_xaxes(title_text="time, in forward passes")
    drawing.update_yaxes(showgrid=False, ticks="")
    drawing.update_layout(height=620, margin={"t": 110, "r": 90}, dragmode=False)
    return drawing


def axes(setting: Setting) -> dict:
    """What of the layout depends on the setting; both schedules have one axis, so that they compare."""
    names = [f"stage {stage}{' (slow)' * (stage == setting.slow)}" for stage in range(setting.stages)]
    return {
        "xaxis.range": (0, max(picture.play(each).end for each in (setting, setting.other))),
        "yaxis.range": (setting.stages - 0.48, -0.5),
        "yaxis.tickvals": tuple(stage + (TOP + BOTTOM) / 2 for stage in range(setting.stages)),
        "yaxis.ticktext": tuple(names),
    }


def contents(setting: Setting) -> dict:
    """What `look.paint` takes: bars, numbers, what is kept, and the title that compares both schedules."""
    played, other = picture.play(setting), picture.play(setting.other)
    last = max(played.end, other.end)
    bars = {kind: ([], []) for kind in PASSES}
    middles, rows, told, numbers = [], [], [], []
    for stage, spells in enumerate(played.spells):
        top, bottom = stage + TOP, stage + BOTTOM
        for kind, m, start, end in spells:
            xs, ys = bars[kind]
            xs += [start, end, end, start, start, None]
            ys += [top, top, bottom, bottom, top, None]
            middles.append((start + end) / 2)
            rows.append((top + bottom) / 2)
            # An empty text would never be filled again: plotly takes its element away.
            if (end - start) * PLOT > len(str(m)) * DIGIT * last:
                numbers.append((middles[-1], rows[-1], str(m)))
            told.append(f"{PASSES[kind][0]} pass of microbatch {m}: {start:g} to {end:g}")
    kept_x, kept_y = _kept(played, setting.microbatches)
    apart = abs(played.end - other.end) > 1e-9
    return {
        "traces": [
            *({"x": xs, "y": ys} for xs, ys in bars.values()),
            {"x": kept_x, "y": kept_y},
            {"x": middles, "y": rows, "customdata": told},
            {name: [number[place] for number in numbers] for place, name in enumerate(("x", "y", "text"))},
            {"x": [last] * setting.stages,
             "y": [stage + BASE - HIGHEST / 2 for stage in range(setting.stages)],
             "text": [f" keeps {most}" for most in played.kept]},
            {"x": [other.end, other.end] if apart else [], "y": [-0.5, setting.stages] if apart else []},
        ],
        "finding": _finding(setting, played, other),
        "detail": _detail(setting, played, other),
    }  # fmt: skip


def figure(setting: Setting) -> go.Figure:
    """The chart of a setting, on the axes that it shares with the other schedule."""
    drawing = frame()
    drawing.update_layout(axes(setting))
    return look.paint(drawing, **contents(setting))


def _kept(played: Played, microbatches: int) -> tuple[list, list]:
    """Steps of what each stage keeps, as high as the room under its bars where it keeps all microbatches."""
    xs, ys = [], []
    for stage, spells in enumerate(played.spells):
        base = height = stage + BASE
        steps = picture.kept_over_time(spells)
        xs.append(steps[0][0])
        ys.append(base)
        for time, kept in steps:
            xs += [time, time]
            ys += [height, height := base - HIGHEST * kept / microbatches]
        xs += [steps[0][0], None]
        ys += [base, None]
    return xs, ys


def _finding(setting: Setting, played: Played, other: Played) -> str:
    """How long the stages idle and what one keeps, and both with the other schedule."""
    most, others_most = max(played.kept), max(other.kept)
    idle, others_idle = _percents(played.idle, other.idle)
    if abs(played.idle - other.idle) < 1e-9:
        others_idle = "as long"
    if played.kept == other.kept and others_idle == "as long":
        compared = "do the same"
    else:
        as_many = "up to as many" if most == others_most else others_most
        compared = f"idle {others_idle} and keep {as_many}"
    return (
        f"{setting.kind} idles {idle} of the time and keeps up to "
        f"{most} microbatch{'es' * (most > 1)}; {setting.other.kind} would {compared}"
    )


def _percents(*shares: float) -> list[str]:
    """Shares in percent, with as many digits as tell them apart."""
    for digits in range(3):
        said = [f"{100 * share:.{digits}f} %" for share in shares]
        if len(set(said)) == len(said):
            return said
    return [f"{100 * share:.0f} %" for share in shares]


def _detail(setting: Setting, played: Played, other: Played) -> str:
    """The colors, when both schedules end, and whether the formula for equal stages holds here."""
    words = [*PASSES.values(), ("microbatches kept", KEPT)]
    colors = ", ".join(f"<span style='color:{look.ink(color)}'>■</span> {word}" for word, color in words)
    if abs(played.end - other.end) < 1e-9:
        ends = f"Both schedules end after {played.end:g} forward passes."
    else:
        ends = f"{setting.kind} ends after {played.end:g} forward passes, "
        ends += f"{setting.other.kind} (dotted) after {other.end:g}."
    formula = f"(S − 1)/(M + S − 1) says {100 * setting.bubble:.0f} % idle"
    if abs(played.idle - setting.bubble) < 1e-9:
        return f"{colors}. {ends} {formula}, as here."
    return f"{colors}. {ends} {formula}: it holds for equal stages and free messages."
