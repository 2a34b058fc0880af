"""What question 6's demo draws: the split of one model that each of three wishes picks."""

import functools
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import hardware, shapes
from course_lib.costs import memory
from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Cluster, Layout
from course_lib.costs.roofline import Device
from course_lib.demos import look
from course_lib.demos.parallelism.pipeline import COLORS
from course_lib.parallelism.choice import WISHES, Option, choose, options

MODELS = {
    "Llama 3.2 1B": "llama3.2-1b",
    "Llama 3.2 3B": "llama3.2-3b",
    "Llama 3 8B": "llama3-8b",
    "Llama 2 13B": "llama2-13b",
    "Llama 3 70B": "llama3-70b",
}
PROMPT, ANSWER = 500, 250  # tokens of a request
GPUS = 8
QUANTITIES = (
    "Time per token, one user alone",
    "People served, one request per minute each",
    "Largest model, billion parameters",
)
BLOCK = 4.6  # from one block of bars to the next, in bars
BARS = [BLOCK * block + place for block in range(3) for place in (1, 2, 3)]
GAP = 1.3  # from one GPU's left edge to the next


def _cluster(gpu: str, gpus_per_node: int, inside: str, between: str) -> Cluster:
    networks = (Network.of(hardware.link(name)) for name in (inside, between))
    return Cluster(Device.of(hardware.gpu(gpu)), GPUS, gpus_per_node, *networks)


CLUSTERS = {
    "2 nodes of 4 A100 40GB: NVLink inside, 25 Gb/s Ethernet between": _cluster(
        "A100 40GB", 4, "NVLink 3", "Ethernet 25 Gb/s"
    ),
    "1 node of 8 A100 40GB: NVLink": _cluster("A100 40GB", 8, "NVLink 3", "Ethernet 25 Gb/s"),
    "4 nodes of 2 L4 24GB: PCIe inside, 25 Gb/s Ethernet between": _cluster(
        "L4 24GB", 2, "PCIe 4.0 x16", "Ethernet 25 Gb/s"
    ),
    "8 desktops with an RTX 4060 Ti 16GB: 10 Gb/s Ethernet": _cluster(
        "RTX 4060 Ti 16GB", 1, "PCIe 4.0 x8", "Ethernet 10 Gb/s"
    ),
}


@dataclass(frozen=True)
class Picks:
    """What each wish picks for a model on a cluster; empty where no layout holds the model."""

    model: str
    cluster: Cluster
    picks: dict[str, Option]


@functools.cache
def measure(model: str, cluster: str) -> Picks:
    """The picks for a model of MODELS on a cluster of CLUSTERS, by `choice.choose`."""
    found = options(shapes.shape(MODELS[model]), CLUSTERS[cluster], PROMPT, ANSWER)
    picks = {wish: choose(found, wish) for wish in WISHES} if found else {}
    return Picks(model, CLUSTERS[cluster], picks)


def part(layout: Layout, gpu: int) -> tuple[int, int, int]:
    """Copy, stage and shard that a GPU holds; shards of a layer lie side by side, as in a node."""
    rest, shard = divmod(gpu, layout.tensor)
    return *divmod(rest, layout.pipeline), shard


def _place(gpu: int) -> tuple[float, float]:
    """Lower left corner of a GPU's square: two rows of four."""
    return GAP * (gpu % 4), -1.68 * (gpu // 4)


def _box(left: float, bottom: float, right: float, top: float) -> tuple[list, list]:
    return [left, right, right, left, left], [bottom, bottom, top, top, bottom]


def _frames(gpus_per_node: int) -> tuple[list, list]:
    """Outlines of the nodes."""
    xs, ys = [], []
    for first in range(0, GPUS, gpus_per_node):
        places = [_place(gpu) for gpu in range(first, first + gpus_per_node)]
        left, bottom = min(x for x, _ in places) - 0.1, min(y for _, y in places) - 0.4
        right, top = max(x for x, _ in places) + 1.1, max(y for _, y in places) + 1.1
        for collected, side in zip((xs, ys), _box(left, bottom, right, top), strict=True):
            collected += [*side, None]
    return xs, ys


def _empty() -> tuple[list, list]:
    """Outlines of all GPUs' squares."""
    xs, ys = [], []
    for x, y in map(_place, range(GPUS)):
        for collected, side in zip((xs, ys), _box(x, y, x + 1, y + 1), strict=True):
            collected += [*side, None]
    return xs, ys


def frame() -> go.Figure:
    """Nodes, GPUs as empty squares, and three blocks of bars, still without numbers.

    Few traces and two panels: what is drawn in one piece is drawn in the time of a slider's step.
    """
    drawing = make_subplots(cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.14)
    flat = {"mode": "lines", "hoverinfo": "skip", "row": 1, "col": 1}
    drawing.add_scatter(line={"color": "#9A9A9A", "width": 2, "dash": "dot"}, **flat)  # nodes
    xs, ys = _empty()
    drawing.add_scatter(x=xs, y=ys, fill="toself", fillcolor="#F1F1F1", line_color="#C4C4C4", **flat)
    for _ in range(GPUS):
        drawing.add_scatter(fill="toself", line_width=0, **flat)
    x, y = zip(*map(_place, range(GPUS)), strict=True)
    drawing.add_scatter(
        x=[left + 0.5 for left in x], y=[bottom - 0.04 for bottom in y], mode="text", hoverinfo="skip",
        textposition="bottom center", textfont_size=13, row=1, col=1,
    )  # fmt: skip
    drawing.add_bar(
        y=BARS, orientation="h", textposition="outside", cliponaxis=False, hoverinfo="skip", textfont_size=15,
        row=1, col=2,
    )  # fmt: skip
    drawing.update_xaxes(visible=False, range=[0, 1.45], col=2)
    drawing.update_yaxes(
        range=[BARS[-1] + 0.6, -0.5], tickvals=BARS, ticktext=WISHES * 3, ticks="", showline=False,
        showgrid=False, col=2,
    )  # fmt: skip
    drawing.update_xaxes(visible=False, range=[-0.36, 3 * GAP + 1.14], col=1)
    drawing.update_yaxes(visible=False, range=[-2.12, 1.38], col=1)
    for text, spot in (
        ("each square is the whole model: width →", {"x": -0.1, "y": 1.25, "xanchor": "left"}),
        ("layers ↓", {"x": -0.26, "y": 0.5, "textangle": -90}),
    ):
        drawing.add_annotation(text=text, font_size=14, showarrow=False, row=1, col=1, **spot)
    for block, text in enumerate(QUANTITIES):
        drawing.add_annotation(
            text=text, x=0, y=BLOCK * block, xanchor="left", font_size=15, showarrow=False, row=1, col=2
        )
    look.finish(drawing, "")
    drawing.update_layout(height=560, bargap=0.25, margin={"l": 20, "r": 40, "t": 110, "b": 20})
    return drawing


def contents(found: Picks, wish: str) -> dict:
    """What of the frame depends on the choice, as `look.paint` takes it; the title says what came out."""
    xs, ys = _frames(found.cluster.gpus_per_node)
    traces = [{"x": xs, "y": ys}, {}]
    if not found.picks:
        weights = memory.weight_bytes(shapes.shape(MODELS[found.model])) / 1e9
        room = GPUS * found.cluster.device.memory_bytes / 1e9
        return {
            "traces": [*traces, *[{"x": [], "y": []}] * GPUS, {"text": [""] * GPUS}, _bars((), wish)],
            "finding": f"{found.model} does not fit: {weights:.0f} GB of weights, {room:.0f} GB of memory",
            "detail": "No way to cut it leaves room for a single user",
        }
    pick = found.picks[wish]
    labels = []
    for gpu in range(GPUS):
        copy, stage, shard = part(pick.layout, gpu)
        x, y = _place(gpu)
        wide, high = 1 / pick.layout.tensor, 1 / pick.layout.pipeline
        left, top = x + shard * wide, y + 1 - stage * high
        xs, ys = _box(left, top - high, left + wide, top)
        traces.append({"x": xs, "y": ys, "fillcolor": COLORS[copy]})
        labels.append(_piece(pick.layout, copy, stage, shard))
    options_ = list(found.picks.values())
    bars = (
        ([1e3 * option.token_seconds for option in options_], "{:.1f} ms"),
        ([60 * option.requests_per_second for option in options_], "{:,.0f}"),
        ([option.largest_weights / memory.HALF / 1e9 for option in options_], "{:.0f}"),
    )
    return {
        "traces": [*traces, {"text": labels}, _bars(bars, wish)],
        "finding": f"{wish.capitalize()}: {found.model} {_cut(pick.layout)}",
        "detail": _why(found, wish),
    }


def _cut(layout: Layout) -> str:
    """A layout in words: "in 2 copies, each layer cut in 4"."""
    words = [f"in {layout.replicas} copies" if layout.replicas > 1 else "in one copy"]
    words += [f"each layer cut in {layout.tensor}"] * (layout.tensor > 1)
    words += [f"layers in {layout.pipeline} stages"] * (layout.pipeline > 1)
    return ", ".join(words)


def _piece(layout: Layout, copy: int, stage: int, shard: int) -> str:
    words = [f"copy {copy + 1}"] * (layout.replicas > 1) + [f"stage {stage + 1}"] * (layout.pipeline > 1)
    return "<br>".join((words + [f"shard {shard + 1}"] * (layout.tensor > 1))[:2])


def _bars(blocks: tuple[tuple[list[float], str], ...], wish: str) -> dict:
    """Blocks of bars as shares of their longest, labeled with their values; the wish's own are colored."""
    return {
        "x": [value / max(values) for values, _ in blocks for value in values],
        "text": [form.format(value) for values, form in blocks for value in values],
        "marker.color": [look.ORANGE if name == wish else "#C4C4C4" for name in WISHES] * len(blocks),
    }


def _why(found: Picks, wish: str) -> str:
    """What the pick brings, in numbers: against the slowest, the least, or a single GPU."""
    pick, others = found.picks[wish], found.picks.values()
    if wish == "faster":
        slowest = max(option.token_seconds for option in others)
        return (
            f"A token every {1e3 * pick.token_seconds:.1f} ms for one user; "
            f"the slowest of the three picks needs {1e3 * slowest:.1f} ms"
        )
    if wish == "more users":
        least = min(option.requests_per_second for option in others)
        return (
            f"{60 * pick.requests_per_second:,.0f} people with a request per minute each, "
            f"{pick.requests_per_second / least:.1f} times the least"
        )
    return (
        f"One copy over all GPUs: room for {pick.largest_weights / memory.HALF / 1e9:.0f} billion parameters "
        f"in FP16, {pick.largest_weights / found.cluster.device.memory_bytes:.0f} times one GPU's"
    )


def figure(found: Picks, wish: str) -> go.Figure:
    """The cluster with what each GPU holds, and beside it what the picks of all three wishes give."""
    return look.paint(frame(), **contents(found, wish))
