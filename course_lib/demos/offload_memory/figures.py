"""Figures of question 9, from what its notebook measured: rooms, a step, chats that wait, forgetting."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.offload_memory.picture import CARD, COLORS, WEIGHTS

GB = 1e9


def rooms(memory_bytes: float, choices: Mapping[str, tuple[float, float]], token_bytes: float) -> go.Figure:
    """Bars of a card's memory: {name: (bytes of weights, tokens that fit)}; a token takes `token_bytes`."""
    names = list(choices)
    weights, tokens = np.array(list(choices.values())).T
    drawing = go.Figure()
    drawing.add_bar(y=names, x=weights / GB, orientation="h", marker_color=WEIGHTS, name="weights")
    drawing.add_bar(
        y=names, x=tokens * token_bytes / GB, orientation="h", marker_color=CARD, name="cache",
        text=[f"  {int(count):,} tokens" if count else "  no room" for count in tokens],
        textposition="outside", cliponaxis=False,
    )  # fmt: skip
    for y, size in zip(names, weights, strict=True):
        drawing.add_annotation(
            x=size / GB / 2, y=y, text=f"weights {size / GB:g} GB", font_color="white", showarrow=False
        )
    drawing.add_vline(x=memory_bytes / GB, line={"color": look.TEXT, "width": 2})
    drawing.update_xaxes(
        title_text="GB of memory on the card", range=[0, 1.3 * memory_bytes / GB], tickvals=[0, 4, 8, 12, 16]
    )
    drawing.update_yaxes(autorange="reversed", ticks="", showline=False, showgrid=False)
    most, least = int(tokens.max()), int(tokens[tokens > 0].min())
    look.finish(
        drawing,
        f"Room for {least:,} tokens, or for {most:,}, {most / least:.1f} times as many",
        f"{names[list(tokens).index(least)]} against {names[list(tokens).index(most)]}; a token takes "
        f"{token_bytes / 1e6:.3f} MB of what the weights leave of {memory_bytes / GB:g} GB",
    )
    drawing.update_layout(barmode="stack", height=150 + 62 * len(names), bargap=0.3, margin_l=150)
    return drawing


def step_against_tokens(tokens: Sequence[int], seconds: Sequence[float], room: int) -> go.Figure:
    """Time of a step (s) against tokens in the cache; from `room` on they do not fit."""
    tokens, times = np.asarray(tokens), 1e3 * np.asarray(seconds)
    at_room = float(np.interp(room, tokens, times))
    drawing = go.Figure()
    drawing.add_scatter(
        x=tokens, y=times, mode="lines", line={"color": look.BLUE, "width": 3},
        hovertemplate="%{x:,} tokens: %{y:.1f} ms<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(
        x=[tokens[0], tokens[-1]], y=[times[0]] * 2, mode="lines",
        line={"color": look.GRAY, "width": 2, "dash": "dash"}, hoverinfo="skip",
    )  # fmt: skip
    drawing.add_vrect(
        x0=room, x1=tokens[-1], fillcolor=look.ORANGE, opacity=0.12, line_width=0, layer="below"
    )
    drawing.add_vline(x=room, line={"color": look.ORANGE, "width": 2})
    for x, y, yref, text, color, side in (
        (room, 0, "paper", f"{room:,}: full;<br>more does not fit", look.ORANGE, "right"),
        (tokens[0], times[0], "y", "weights alone", "#6E6E6E", "left"),
    ):
        drawing.add_annotation(
            x=np.log10(x), y=y, yref=yref, text=text, font_color=color, align=side, xanchor=side,
            yanchor="bottom" if yref == "paper" else "top", xshift=8 if side == "left" else -8,
            showarrow=False,
        )  # fmt: skip
    drawing.update_xaxes(title_text="tokens in the cache", type="log", dtick=1)
    drawing.update_yaxes(title_text="ms per step", rangemode="tozero")
    return look.finish(
        drawing,
        f"Full, the cache makes a step {at_room / times[0] - 1:.0%} longer",
        f"{tokens[-1]:,} tokens would make it {times[-1] / times[0]:.1f} times as long, if they fitted",
    )


def recomputed(turns: Mapping[str, Sequence[float]]) -> go.Figure:
    """Tokens computed again, summed over turns of several chats: {way of evicting: one number per turn}."""
    drawing = go.Figure()
    totals = {name: np.cumsum(values) for name, values in turns.items()}
    for (name, total), color in zip(totals.items(), look.COLORS, strict=False):
        drawing.add_scatter(
            x=np.arange(1, len(total) + 1), y=total, mode="lines+markers", line={"color": color, "width": 3},
            marker_size=7, hovertemplate=f"turn %{{x}}: %{{y:,.0f}} tokens<extra>{name}</extra>",
        )  # fmt: skip
    ends = [
        (len(total), float(total[-1]), name, color)
        for (name, total), color in zip(totals.items(), look.COLORS, strict=False)
    ]
    count, highest = max(end[0] for end in ends), max(end[1] for end in ends)
    look.label(drawing, ends, highest / 14)
    drawing.update_xaxes(title_text="turn", range=[0.5, 1.25 * count], tickvals=[*range(1, count + 1)])
    drawing.update_yaxes(title_text="tokens computed again", rangemode="tozero")
    best, worst = min(ends, key=lambda end: end[1]), max(ends, key=lambda end: end[1])
    return look.finish(
        drawing,
        f"Evicting {best[2]}, {best[1] / worst[1]:.0%} as many tokens are computed again as {worst[2]}",
        ", ".join(f"{name}: {total:,.0f} tokens" for _, total, name, _ in ends),
    )


def waits(
    panels: Mapping[str, Mapping[str, Sequence[float]]], contexts: Sequence[int], room: int
) -> go.Figure:
    """Waits in seconds, {panel: {policy: one a turn, None where refused}}, against the chat's length.

    `contexts` are tokens of the chat after each turn, and `room` what fits on the card.
    """
    drawing = make_subplots(cols=len(panels), subplot_titles=list(panels), horizontal_spacing=0.13)
    for col, lines in enumerate(panels.values(), 1):
        ends, logs = [], np.log10([1e3 * v for values in lines.values() for v in values if v])
        for policy, values in lines.items():
            shown = [(x, 1e3 * y) for x, y in zip(contexts, values, strict=True) if y is not None]
            x, y = zip(*shown, strict=True)
            drawing.add_scatter(
                x=x, y=y, mode="lines+markers", line={"color": COLORS[policy], "width": 3}, marker_size=7,
                hovertemplate=f"{policy}, %{{x}} tokens: %{{y:.0f}} ms<extra></extra>", row=1, col=col,
            )  # fmt: skip
            if len(shown) == len(contexts):
                ends.append((x[-1], float(np.log10(y[-1])), policy, COLORS[policy]))
            else:
                drawing.add_annotation(
                    x=x[-1], y=float(np.log10(y[-1])), text=f"{policy}: full", font_color=COLORS[policy],
                    showarrow=True, ax=0, ay=38, bgcolor="rgba(255,255,255,0.8)", row=1, col=col,
                )  # fmt: skip
        drawing.add_vline(x=room, line={"color": look.GRAY, "width": 2, "dash": "dash"}, row=1, col=col)
        low, high = logs.min() - 0.3, logs.max() + 0.1
        look.label(drawing, ends, (high - low) / 15, row=1, col=col)
        drawing.update_yaxes(range=[low, high], col=col)
    drawing.update_xaxes(
        title_text="tokens of the chat after the turn", range=[0, 1.36 * contexts[-1]], nticks=6
    )
    drawing.update_yaxes(
        title_text="ms", type="log", tickvals=[m * 10**p for p in range(-2, 6) for m in (1, 2, 5)]
    )
    name, lines = list(panels.items())[-1]
    at_end = {policy: values[-1] / values[0] for policy, values in lines.items() if values[-1] is not None}
    worst, best = max(at_end, key=at_end.get), min(at_end, key=at_end.get)
    look.finish(
        drawing,
        f"{name}, the last against the first: {worst} {at_end[worst]:.0f} times, {best} {at_end[best]:.1f}",
        f"Dashed: {room:,} tokens, what the card holds beside the weights",
    )
    drawing.update_layout(height=480, margin_t=125)
    return drawing


def forgetting(said: Mapping[str, np.ndarray], facts: np.ndarray) -> go.Figure:
    """Answers to every question after every turn: {cache: (chats, turns, kinds)} beside facts (chats, kinds).

    A cell's color is the share of chats with the right answer, its word what the first chat was told; cells
    before a fact was told are empty.
    """
    from course_lib.offload.recall import QUESTIONS, TURN, TURNS, words  # brings torch; the demo needs none

    drawing = make_subplots(
        rows=len(said), subplot_titles=list(said), vertical_spacing=0.34 / len(said), shared_xaxes=True
    )
    told = np.arange(1, TURNS + 1)[None, :] > 2 * np.arange(len(QUESTIONS))[:, None]
    shares = {}
    for row, (name, answers) in enumerate(said.items(), 1):
        share = (answers == facts[:, None]).mean(0).T  # (kinds, turns)
        shares[name] = share
        text = np.array([words(kind) for kind in answers[0].T.tolist()], dtype=object)
        text[~told] = ""
        drawing.add_heatmap(
            x=[*range(1, TURNS + 1)], y=list(QUESTIONS), z=np.where(told, 100 * share, np.nan),
            text=text, texttemplate="%{text}", textfont={"size": 13, "color": look.TEXT},
            coloraxis="coloraxis", xgap=2, ygap=2,
            hovertemplate="%{y} after turn %{x}: %{z:.0f} % right<extra></extra>", row=row, col=1,
        )  # fmt: skip
    drawing.update_yaxes(autorange="reversed", showgrid=False, ticks="", title_text="asked")
    drawing.update_xaxes(showgrid=False, dtick=1)
    drawing.update_xaxes(title_text=f"turns of {TURN} words", row=len(said))
    drawing.update_layout(
        coloraxis={
            "colorscale": [[0, look.ORANGE], [0.5, "#F3E3C3"], [1, look.SKY]], "cmin": 0, "cmax": 100,
            "colorbar": {"title": {"text": "chats with the<br>right answer"}, "ticksuffix": " %"},
        }
    )  # fmt: skip
    *most, last = (f"{100 * share[0, -1]:.0f}" for share in shares.values())
    knows = f"{', '.join(most)} and {last}" if most else last
    name = words(facts[0][:1].tolist())[0]
    look.finish(
        drawing,
        f"After {TURNS} turns the name is known in {knows} % of the chats",
        f"Words are the first chat's, which began with “{name}”; colors are {len(facts)} chats",
    )
    drawing.update_layout(height=130 + 190 * len(said), margin={"t": 120, "l": 90})
    return drawing
