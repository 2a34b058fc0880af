"""What question 10's demo draws: a cache that crosses the link beside the computing."""

import functools
from dataclasses import replace

import plotly.graph_objects as go

from course_lib.costs.collectives import Network
from course_lib.demos import look
from course_lib.demos.offload_delay.figures import frame as timeline_frame
from course_lib.demos.offload_delay.figures import rows
from course_lib.hardware import link
from course_lib.offload.card import CARD, LINK, MODEL, WEIGHT_BYTES
from course_lib.offload.remedies import Case
from course_lib.shapes import kv_bytes_per_token

NAMES = ("PCIe 3.0 x16", "PCIe 4.0 x16", "PCIe 5.0 x16", "NVLink 4", "NVLink 5", "Ethernet 100 Gb/s")
CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
LAYERS_A_COPY = (32, 16, 8, 4, 2, 1)
BUFFERS = {"1": 1, "2": 2, "4": 4, "one a copy": MODEL.layers}
FREE = float(CARD.memory_bytes - WEIGHT_BYTES)  # bytes that the weights leave
KEPT = {"nothing": 0.0, "what fits": FREE}


@functools.cache
def case(name: str, context: int, layers_a_copy: int, buffers: int, room: float) -> Case:
    """The model on the card, `context` tokens in host memory except for `room` bytes of them."""
    copies = MODEL.layers // layers_a_copy
    return Case(
        context, kv_bytes_per_token(MODEL), copies, WEIGHT_BYTES, CARD.memory_bandwidth,
        Network.of(link(name)), room, min(buffers, copies),
    )  # fmt: skip


def frame() -> go.Figure:
    """The link's row and the card's, and where the token would end if nothing crossed."""
    drawing = timeline_frame([""])
    drawing.add_scatter(
        mode="lines+text", line={"color": look.GREEN, "width": 2, "dash": "dash"}, hoverinfo="skip",
        textfont={"color": look.GREEN, "size": 15}, cliponaxis=False,
    )  # fmt: skip
    drawing.update_layout(height=330)
    return drawing


def contents(setting: Case) -> dict:
    """What of the frame depends on the setting; the title says what a token waits for."""
    schedule = setting.schedule()
    token, alone = schedule.seconds, setting.compute_seconds
    waits = max(0.0, token - alone)
    serial = replace(setting, buffers=1).token_seconds
    hidden = (serial - token) / (serial - alone) if setting.cold_bytes else 1.0
    held = setting.buffers * setting.cold_bytes / setting.layers
    if setting.cold_bytes:
        finding = f"A token takes {1e3 * token:.1f} ms, of which it waits {1e3 * waits:.1f} ms for the link"
        detail = (
            f"{setting.cold_bytes / 1e9:.2f} GB cross per token, {hidden:.0%} of that time behind computing; "
            f"buffers: {held / 1e6:,.0f} MB{', more than the card has left' * (held > FREE)}"
        )
    else:
        finding = f"A token takes {1e3 * token:.1f} ms: all of the cache is on the card"
        detail = "Nothing crosses the link"
    end = 1e3 * alone
    side = "left" if end > 0.6e3 * token else "right"  # where there is room for the words
    words = f"{end:.1f} ms if nothing crossed"
    line = {"x": [end, end], "y": [1.6, -0.7], "text": ["", words], "textposition": f"top {side}"}
    return {"traces": [*rows([schedule]), line], "finding": finding, "detail": detail}


def figure(
    name: str = LINK.name, context: int = 4096, layers_a_copy: int = 1, buffers: int = 1, room: float = 0.0
) -> go.Figure:
    """When the link copies (orange) and the card computes (blue) for one token."""
    return look.paint(frame(), **contents(case(name, context, layers_a_copy, buffers, room)))
