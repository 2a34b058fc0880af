"""The pictures of lab 3, each drawn from numbers that were measured or counted before."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.translation import picture

VERBS = {"map": look.ORANGE, "zip": look.BLUE, "reduce": look.PURPLE, "matmul": look.GREEN}
BOTH = "encoder-decoder"  # its outputs and inputs lie in two halves


def training(losses: Mapping[str, Sequence[float]], over: int = 20) -> go.Figure:
    """Training loss by step, logarithmic, a line for each model; the mean of the last `over` steps is drawn.

    Of fewer steps than `over`, each is drawn as it is. Raises ValueError for no models, and for one without
    losses.
    """
    if not losses or not all(len(values) for values in losses.values()):
        raise ValueError("losses has at least one model, and each has at least one step")
    drawing, ends = go.Figure(), []
    for color, (name, values) in zip(look.COLORS, losses.items(), strict=False):
        window = over if len(values) >= over else 1
        smooth = np.convolve(values, np.ones(window) / window, mode="valid")
        drawing.add_scatter(
            x=np.arange(window, len(values) + 1), y=smooth, mode="lines", line={"color": color, "width": 3},
            hovertemplate=f"{name}, step %{{x}}: %{{y:.2g}}<extra></extra>",
        )  # fmt: skip
        ends.append((smooth[-1], f"{name}: {smooth[-1]:.2g}", color))
    # All labels stand at the right: beside a line that ends early, others would run through its label.
    longest = max(map(len, losses.values()))
    look.label(drawing, [(longest, np.log10(y), text, color) for y, text, color in ends], gap=0.28)
    last = {name: end[0] for name, end in zip(losses, ends, strict=True)}
    lowest, highest = min(last, key=last.get), max(last, key=last.get)
    finding = f"The training loss ends at {last[lowest]:.2g} {_named(lowest)}"
    if lowest != highest:
        finding += f", at {last[highest]:.2g} {_named(highest)}"
    look.finish(
        drawing, finding, f"mean of -log p of the right tokens of a batch, averaged over {over} steps"
    )
    drawing.update_xaxes(title_text="step", range=[0, longest])
    drawing.update_yaxes(title_text="training loss", type="log", dtick=1, exponentformat="power")
    drawing.update_layout(margin={"l": 90, "r": 235})
    return drawing


def _named(model: str) -> str:
    return model if model.startswith("with") else f"for {model}"


def scores(rows: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """BLEU (0 to 100) of each method, a bar for each part of the test sentences, the hardest last.

    A method may lack a part. Raises ValueError for no methods, and if none has a part.
    """
    parts = list(dict.fromkeys(part for row in rows.values() for part in row))
    if not parts:
        raise ValueError("rows has at least one method, with BLEU of at least one part")
    drawing, methods = go.Figure(), list(rows)
    for color, part in zip((look.BLUE, look.ORANGE, look.GREEN), parts, strict=False):
        known = [method for method in methods if part in rows[method]]
        drawing.add_bar(
            y=known, x=[rows[method][part] for method in known], orientation="h", name=part,
            marker_color=color, texttemplate="%{x:.1f}", textposition="outside", cliponaxis=False,
            textfont_size=15, hovertemplate="%{y}, " + part + ": BLEU %{x:.1f}<extra></extra>",
        )  # fmt: skip
    ranked = sorted(
        ((row[parts[-1]], method) for method, row in rows.items() if parts[-1] in row), reverse=True
    )
    finding = f"{parts[-1].capitalize()}: BLEU {ranked[0][0]:.1f} for {ranked[0][1]}"
    if len(ranked) > 1:
        finding += f", {ranked[1][0]:.1f} for the second best ({ranked[1][1]})"
    look.finish(
        drawing,
        finding,
        "100: each translation is its reference, word for word; 0: no four words in a row are",
    )
    drawing.update_layout(
        barmode="group", height=220 + 30 * len(methods) * len(parts), bargap=0.25, bargroupgap=0.05,
        margin={"l": 160, "t": 150, "r": 40}, showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    drawing.update_xaxes(title_text="BLEU", range=[0, 108], tickvals=[0, 20, 40, 60, 80, 100])
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


def influence(kinds: Mapping[str, np.ndarray]) -> go.Figure:
    """Norms of the gradients of outputs (rows) by inputs (columns), a panel each; an exact 0 is left white.

    Matrices as of `gpt.influence`. Raises ValueError for no matrices, and for one that is all 0.
    """
    if not kinds or not all(np.any(norms) for norms in kinds.values()):
        raise ValueError("kinds has at least one matrix, and each has a gradient that is not 0")
    drawing = make_subplots(cols=len(kinds), horizontal_spacing=0.1, subplot_titles=list(kinds))
    logs = [np.log10(norms, where=norms > 0, out=np.full(norms.shape, np.nan)) for norms in kinds.values()]
    least, most = min(map(np.nanmin, logs)), max(map(np.nanmax, logs))
    for column, ((name, norms), log) in enumerate(zip(kinds.items(), logs, strict=True), 1):
        places = np.arange(1, len(norms) + 1)
        drawing.add_heatmap(
            z=log, x=places, y=places, coloraxis="coloraxis", xgap=1.5, ygap=1.5, customdata=norms,
            hovertemplate="output %{y} by input %{x}: %{customdata:.2g}<extra></extra>", row=1, col=column,
        )  # fmt: skip
        ends = [0.5, len(norms) + 0.5]
        drawing.update_xaxes(range=ends, row=1, col=column, **_ticks(name, len(norms), ("source", "target")))
        drawing.update_yaxes(
            range=ends[::-1], scaleanchor=f"x{column}", row=1, col=column,
            **_ticks(name, len(norms), ("encoder", "decoder")), tickangle=-90 if name == BOTH else 0,
        )  # fmt: skip
    zeros = [f"{name} {np.sum(norms == 0)} of {norms.size}" for name, norms in kinds.items()]
    look.finish(
        drawing,
        f"Gradients that are 0: {', '.join(zeros)}",
        "norm of the gradient of each output by each input; white is exactly 0: the output does not see it",
    )
    drawing.update_xaxes(title_text="input", constrain="domain", mirror=True, showgrid=False)
    drawing.update_yaxes(constrain="domain", constraintoward="top", mirror=True, showgrid=False)
    drawing.update_yaxes(title_text="output", col=1)
    drawing.update_layout(
        height=490, margin={"l": 60, "r": 10, "t": 155, "b": 120},
        coloraxis={"colorscale": look.HEAT, "cmin": least, "cmax": most, "colorbar": _norms_bar(least, most)},
    )  # fmt: skip
    return drawing


def _ticks(name: str, size: int, halves: tuple[str, str]) -> dict:
    """Numbers of inputs or outputs; of those that lie in two halves, the names of these."""
    if name == BOTH:
        return {"tickvals": [(size + 2) / 4, (3 * size + 2) / 4], "ticktext": halves, "ticks": ""}
    return {"tickvals": np.arange(1, size + 1, max(1, size // 6))}


def _norms_bar(least: float, most: float) -> dict:
    values = [value for power in range(-6, 4) for value in (10.0**power, 3 * 10.0**power)]
    ticks = [value for value in values if least <= np.log10(value) <= most]
    texts = [f"{value:g}" for value in ticks]
    return {  # its own title would lie on it
        "tickvals": np.log10(ticks), "ticktext": ["norm " + text for text in texts[:1]] + texts[1:],
        "outlinewidth": 0, "orientation": "h", "thickness": 14, "len": 0.5,
        "y": 0.01, "yanchor": "bottom", "yref": "container",
    }  # fmt: skip


def work(flops: Mapping[str, int], nbytes: Mapping[str, int]) -> go.Figure:
    """Shares of arithmetic and of bytes moved by verb (map, zip, reduce, matmul), as `Counted` counts them.

    Raises ValueError if nothing was counted.
    """
    bars = {"arithmetic": flops, "bytes moved": nbytes}
    totals = {name: sum(counts.values()) for name, counts in bars.items()}
    if not all(totals.values()):
        raise ValueError("flops and nbytes have at least one operation")
    drawing = go.Figure()
    shares = {}
    for verb, color in VERBS.items():
        shares[verb] = [100 * counts.get(verb, 0) / totals[name] for name, counts in bars.items()]
        drawing.add_bar(
            y=list(bars), x=shares[verb], orientation="h", name=verb, marker_color=color,
            marker_line={"color": "white", "width": 2},
            text=[f"{share:.0f} %" if share >= 6 else "" for share in shares[verb]],
            textposition="inside", insidetextanchor="middle", textangle=0,
            insidetextfont={"color": "white", "size": 16},
            hovertemplate=verb + ": %{x:.1f} % of %{y}<extra></extra>",
        )  # fmt: skip
    arithmetic, moved = shares["matmul"]
    look.finish(
        drawing,
        f"Matrix products are {arithmetic:.0f} % of the arithmetic and {moved:.0f} % of the bytes moved",
        f"{_amount(totals['arithmetic'])} operations and {_amount(totals['bytes moved'])} bytes in all; "
        "each array counts once in each call that reads or writes it",
    )
    drawing.update_layout(
        barmode="stack", height=360, margin={"l": 120, "t": 165}, bargap=0.35, showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    drawing.update_xaxes(title_text="share (%)", range=[0, 100])
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    return drawing


def _amount(number: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:,}"


def attention(reading: picture.Reading, at: int, layer: int = -1, head: int | None = None) -> go.Figure:
    """A translation at step `at` (from 0): what it looks at, and the tokens that are most likely next.

    Lines are as thick as the attention weights of a layer, of one head or on average over all.
    """
    drawing = picture.frame()
    drawing.update_layout(picture.axes(reading))
    return look.paint(drawing, **picture.contents(reading, at, layer, head))
