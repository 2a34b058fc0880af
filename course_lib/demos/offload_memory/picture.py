"""What question 9's demo draws: a chat that fills the card, its memory and its waiting."""

import functools
import math
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.offload import card
from course_lib.offload.memory import POLICIES, Delays, Server, Turn, delays, plan

COLORS = {
    "refuse": "#222222",
    "recompute": look.PURPLE,
    "offload": look.ORANGE,
    "window": look.GREEN,
    "int8 weights": look.BLUE,
}
TURNS, ANSWER = 12, 100  # turns of the chat, tokens of an answer
PROMPTS = (100, 200, 400, 800)  # tokens of a prompt
GB = 1e9
GAP = 0.14  # between names, in powers of ten
WEIGHTS, CARD, HOST, AGAIN, GONE = "#9A9A9A", look.SKY, look.ORANGE, look.PURPLE, "#E3E3E3"
# Where a token's keys and values may be, in the order of the legend.
PLACES = {"on the card": CARD, "on the host": HOST, "computed again": AGAIN, "forgotten": GONE}


@dataclass(frozen=True)
class Chat:
    """A chat under one policy: its turns, what each makes the user wait, and the server it runs on."""

    policy: str
    prompt: int
    server: Server
    turns: tuple[Turn, ...]
    waits: tuple[Delays | None, ...]


@functools.cache
def measure(policy: str, prompt: int) -> Chat:
    """The chat of TURNS turns with a policy of POLICIES on the card of question 9, by its data sheet."""
    weights = card.WEIGHT_BYTES / 2 if policy == "int8 weights" else card.WEIGHT_BYTES
    server = Server.of(card.MODEL, card.CARD, card.LINK, weights)
    turns = plan(policy, server.room, TURNS, prompt, ANSWER)
    return Chat(policy, prompt, server, tuple(turns), tuple(delays(server, turn) for turn in turns))


def spans(chat: Chat, turn: int) -> dict[str, list[tuple[int, int]]]:
    """Which tokens of the chat after `turn` turns (from 1) are where: [(first, end)] for each of PLACES."""
    now = chat.turns[turn - 1]
    last = max((t for t in chat.turns[:turn] if not t.refused), key=lambda t: t.context, default=now)
    total = last.context - 1
    found: dict[str, list[tuple[int, int]]] = {place: [] for place in PLACES}
    if chat.policy == "recompute":
        found["on the card"], found["computed again"] = [(0, last.held)], [(last.held, total)]
    else:
        away = last.outside + last.forgotten
        found["on the host" if chat.policy == "offload" else "forgotten"] = [(0, away)]
        found["on the card"] = [(away, total)]
    return found


def frame() -> go.Figure:
    """The chat and the memory on the left, waiting on the right, still without numbers."""
    drawing = make_subplots(
        rows=2, cols=2, column_widths=[0.5, 0.5], row_heights=[0.34, 0.66], horizontal_spacing=0.13,
        vertical_spacing=0.27, specs=[[{}, {"rowspan": 2}], [{}, None]],
        subplot_titles=("", "Wait for a whole turn", ""),
    )  # fmt: skip
    for place, color in PLACES.items():
        drawing.add_bar(
            orientation="h", y=["chat"], marker_color=color, marker_line_width=0, row=1, col=1,
            hovertemplate=f"%{{x:,}} tokens {place}<extra></extra>",
        )  # fmt: skip
    for name, color in (("weights", WEIGHTS), ("cache", CARD), ("cache", HOST)):
        drawing.add_bar(
            orientation="h", y=["host", "card"], marker_color=color, marker_line_width=0, row=2, col=1,
            hovertemplate=f"{name}: %{{x:.2f}} GB<extra></extra>",
        )  # fmt: skip
    for policy in POLICIES:
        drawing.add_scatter(
            mode="lines+markers", line={"color": COLORS[policy], "width": 3}, marker_size=7, row=1, col=2,
            hovertemplate=f"{policy}, turn %{{x}}: %{{y:.2f}} s<extra></extra>",
        )  # fmt: skip
    drawing.add_scatter(
        mode="markers", marker={"size": 17, "color": "rgba(0,0,0,0)", "line": {"width": 3}}, hoverinfo="skip",
        row=1, col=2,
    )  # fmt: skip
    drawing.update_xaxes(title_text="token of the chat", row=1, col=1)
    drawing.update_xaxes(title_text="GB", range=[0, 16.6], dtick=4, row=2, col=1)
    drawing.update_yaxes(showgrid=False, ticks="", showline=False, col=1)
    drawing.update_xaxes(title_text="turn", range=[0.5, TURNS + 3.6], tickvals=[*range(1, TURNS + 1)], col=2)
    drawing.update_yaxes(
        title_text="seconds", type="log", tickvals=[0.5, 1, 2, 5, 10, 20, 50, 100, 200],
        range=[-0.4, 2.35], col=2,
    )  # fmt: skip
    drawing.add_scatter(mode="markers", y=["chat"], opacity=0, hoverinfo="skip", row=1, col=1)
    colors = (look.ink(CARD), HOST, AGAIN, "#6E6E6E")
    legend = [
        f"<span style='color:{color}'>{name}</span>" for name, color in zip(PLACES, colors, strict=True)
    ]
    drawing.add_annotation(
        text="   ".join(legend), x=0, xref="x domain", y=1.3, yref="y domain", font_size=14, xanchor="left",
        showarrow=False,
    )  # fmt: skip
    drawing.add_shape(
        type="rect", x0=0, x1=16, y0=0.6, y1=1.4, line={"color": look.TEXT, "width": 2}, row=2, col=1
    )
    drawing.add_annotation(x=7, y="card", text="", font_color="white", showarrow=False, row=2, col=1)
    drawing.add_annotation(
        x=0,
        y="chat",
        xanchor="left",
        xshift=6,
        text="“I am Ann”",
        font_size=14,
        showarrow=False,
        row=1,
        col=1,
    )
    for _ in POLICIES:
        drawing.add_annotation(x=TURNS, xanchor="left", xshift=8, showarrow=False, text="", row=1, col=2, y=0)
    look.finish(drawing, "")
    drawing.update_layout(height=560, barmode="stack", bargap=0.2, margin={"t": 125, "b": 55, "l": 60})
    return drawing


def contents(policy: str, turn: int, prompt: int) -> dict:
    """What of the frame depends on the setting, as `look.paint` takes it; the title says what came out."""
    chosen = measure(policy, prompt)
    everyone = {name: measure(name, prompt) for name in POLICIES}
    found = spans(chosen, turn)
    # Oldest first on the strip: what left the card, then what is there, then what is computed again.
    lengths = {place: sum(end - first for first, end in found[place]) for place in PLACES}
    starts = {place: found[place][0][0] if found[place] else 0 for place in PLACES}
    token = chosen.server.token_bytes / GB
    held = chosen.turns[turn - 1].held if not chosen.turns[turn - 1].refused else _last(chosen, turn).held
    outside = lengths["on the host"] * token
    lines = []
    for name, chat in everyone.items():
        waits = [wait.turn for wait in chat.waits[:turn] if wait]
        lines.append(
            {"x": [*range(1, len(waits) + 1)], "y": waits, "line.width": 5 if name == policy else 2.5,
             "opacity": 1 if name == policy else 0.55}
        )  # fmt: skip
    wait = chosen.waits[turn - 1]
    return {
        "traces": [
            *({"x": [lengths[place]], "base": [starts[place]]} for place in PLACES),
            {"x": [0, chosen.server.weight_bytes / GB]},
            {"x": [0, held * token]},
            {"x": [outside, 0]},
            *lines,
            {"x": [turn], "y": [wait.turn if wait else None], "marker.line.color": COLORS[policy]},
            {"x": [chosen.turns[-1].context]},
        ],
        **_words(chosen, turn),
        "annotations": {
            -len(POLICIES) - 2: {"text": f"weights {chosen.server.weight_bytes / GB:.0f} GB",
                                 "x": chosen.server.weight_bytes / GB / 2},
            -len(POLICIES) - 1: {"font.color": "#6E6E6E" if lengths["forgotten"] else look.TEXT},
            **_names(lines),
        },
    }  # fmt: skip


def _last(chat: Chat, turn: int) -> Turn:
    """The last turn up to `turn` that was answered."""
    return max((t for t in chat.turns[:turn] if not t.refused), key=lambda t: t.context)


def _names(lines: list[dict]) -> dict[int, dict]:
    """Names at the lines' ends, apart from each other; that of a refused chat stands above its end."""
    latest = max(len(line["x"]) for line in lines)
    ends = {
        name: (line["x"][-1], math.log10(line["y"][-1])) for name, line in zip(POLICIES, lines, strict=True)
    }
    whole = {name: height for name, (x, height) in ends.items() if x == latest}
    heights = dict(zip(whole, look.spread(list(whole.values()), GAP), strict=True))
    return {
        i - len(POLICIES): {
            "x": x,
            "y": heights.get(name, y + 1.5 * GAP),
            "xanchor": "left" if name in heights else "right",
            "text": name if name in heights else f"{name}: full",
            "font.color": COLORS[name],
        }
        for i, (name, (x, y)) in enumerate(ends.items())
    }


def _words(chat: Chat, turn: int) -> dict[str, str]:
    """Title and second line: what became of this turn, and why."""
    now, wait, first = chat.turns[turn - 1], chat.waits[turn - 1], chat.waits[0]
    room = f"Room for {chat.server.room:,} tokens"
    if now.refused or wait is None:
        return {
            "finding": f"{chat.policy.capitalize()}, turn {turn}: out of memory, no answer",
            "detail": f"{room}; the chat now has {now.context:,}.",
        }
    words = {
        "finding": f"{chat.policy.capitalize()}, turn {turn}: {wait.turn:.1f} s, "
        f"{wait.turn / first.turn:.1f} times as long as the first",
        "detail": f"{1e3 * wait.first:.0f} ms to the first token, then {1e3 * wait.token:.0f} ms each. ",
    }
    if now.forgotten:
        words["detail"] += f"The first {now.forgotten:,} tokens are forgotten, your name among them."
    elif now.outside:
        words["detail"] += f"{now.outside:,} tokens cross the link for every new one."
    elif chat.policy == "recompute":
        words["detail"] += f"{now.context - 1 - now.held:,} tokens are computed again for every new one."
    else:
        words["detail"] += f"{room}, {now.held:,} taken."
    return words


def figure(policy: str, turn: int, prompt: int = 400) -> go.Figure:
    """The chat after `turn` turns under a policy: where its tokens are, memory, and all policies' waits."""
    return look.paint(frame(), **contents(policy, turn, prompt))
