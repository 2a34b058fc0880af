"""What lab 1's demo draws: a graph, a backward pass visit by visit, and differences beside its gradients."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.autodiff import walks
from course_lib.demos.autodiff.graphs import Edges

EPS = 1e-5  # of the difference quotient
BEND = 0.09  # of an edge that has a parallel one, to either side
VISITED, HERE, UNSEEN = "#BFD9EA", look.ORANGE, "#EDEDED"


@dataclass(frozen=True)
class Expression:
    """A formula in single steps: the last one's value is differentiated by each leaf.

    leaves: name -> value; steps: (name, "+" or "·", left, right); places: name -> where it is drawn.
    """

    leaves: Mapping[str, float]
    steps: tuple[tuple[str, str, str, str], ...]
    places: Mapping[str, tuple[float, float]]

    @property
    def root(self) -> str:
        return self.steps[-1][0]

    def values(self, leaves: Mapping[str, float]) -> dict[str, float]:
        """The value of every node, leaves first."""
        found = dict(leaves)
        for name, sign, left, right in self.steps:
            found[name] = found[left] + found[right] if sign == "+" else found[left] * found[right]
        return found

    def edges(self, leaves: Mapping[str, float]) -> Edges:
        """node -> [(parent, slope), ...] at these values of the leaves."""
        value = self.values(leaves)
        edges: Edges = {name: [] for name in leaves}
        for name, sign, left, right in self.steps:
            slopes = (1.0, 1.0) if sign == "+" else (value[right], value[left])
            edges[name] = [(left, slopes[0]), (right, slopes[1])]
        return edges

    def difference(self, leaf: str, leaves: Mapping[str, float]) -> float:
        """(f(x + eps) - f(x - eps)) / (2 eps) for one leaf: what its gradient must be close to."""
        up, down = (self.values({**leaves, leaf: leaves[leaf] + sign * EPS})[self.root] for sign in (1, -1))
        return (up - down) / (2 * EPS)


EXPRESSIONS = {
    "c = a · b, d = c + a, e = d · c": Expression(
        {"a": 2.0, "b": 3.0},
        (("c", "·", "a", "b"), ("d", "+", "c", "a"), ("e", "·", "c", "d")),
        {"a": (0, 0.1), "b": (0, 0.9), "c": (1, 0.75), "d": (2, 0.25), "e": (3, 0.6)},
    ),
    "x + x, four times": Expression(
        {"x": 1.0},
        (("2x", "+", "x", "x"), ("4x", "+", "2x", "2x"), ("8x", "+", "4x", "4x"), ("16x", "+", "8x", "8x")),
        {name: (i, 0.5) for i, name in enumerate(("x", "2x", "4x", "8x", "16x"))},
    ),
}
FIRST = next(iter(EXPRESSIONS))


@dataclass(frozen=True)
class Pass:
    """A backward pass, visit by visit: the node, and all gradients after it."""

    visits: tuple[tuple[str, dict[str, float]], ...]
    differences: dict[str, float]

    @classmethod
    def of(cls, expression: str, way: str, leaves: Mapping[str, float]) -> "Pass":
        """From the root of an expression of EXPRESSIONS, in a way of walks.WAYS."""
        chosen = EXPRESSIONS[expression]
        walk = walks.WAYS[way](chosen.edges(leaves), chosen.root)
        visits = tuple((node, dict(found)) for node, found in walk)
        return cls(visits, {leaf: chosen.difference(leaf, leaves) for leaf in leaves})


def _edges(chosen: Expression) -> tuple[list, list]:
    xs, ys = [], []
    for name, _, left, right in chosen.steps:
        for parent, side in ((left, 1), (right, -1)):
            (x0, y0), (x1, y1) = chosen.places[parent], chosen.places[name]
            bend = side * BEND if left == right else 0.0
            along = np.linspace(0, 1, 21)
            xs += [*(x0 + (x1 - x0) * along), None]
            ys += [*(y0 + (y1 - y0) * along + 4 * bend * along * (1 - along)), None]
    return xs, ys


def frame() -> go.Figure:
    """Graph and bars, still without numbers."""
    drawing = make_subplots(cols=2, column_widths=[0.66, 0.34], horizontal_spacing=0.1)
    drawing.add_scatter(
        mode="lines", line={"color": "#9A9A9A", "width": 2}, hoverinfo="skip", showlegend=False,
        row=1, col=1,
    )  # fmt: skip
    drawing.add_scatter(
        mode="markers+text", hoverinfo="skip", textfont_size=18, showlegend=False, row=1, col=1,
        marker={"size": 52, "line": {"color": look.TEXT, "width": 1.5}},
    )  # fmt: skip
    for position in ("top center", "bottom center"):
        drawing.add_scatter(
            mode="markers+text", marker={"size": 56, "opacity": 0}, textposition=position, hoverinfo="skip",
            textfont_size=15, showlegend=False, row=1, col=1,
        )  # fmt: skip
    for name, color in (("gradient so far", look.ORANGE), ("difference quotient", "#B8B8B8")):
        drawing.add_bar(
            name=name, marker_color=color, textposition="outside", cliponaxis=False, hoverinfo="skip",
            textfont_size=15, row=1, col=2,
        )  # fmt: skip
    drawing.update_xaxes(visible=False, col=1)
    drawing.update_yaxes(visible=False, range=[-0.25, 1.25], col=1)
    drawing.update_xaxes(title_text="leaf", showgrid=False, ticks="", col=2)
    drawing.update_yaxes(title_text="gradient", rangemode="tozero", zeroline=True, col=2)
    look.finish(drawing, "")
    drawing.update_layout(
        height=500, barmode="group", bargap=0.3, showlegend=True, margin={"l": 20, "r": 20, "t": 110},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
    )  # fmt: skip
    return drawing


def contents(expression: str, way: str, leaves: Mapping[str, float], visit: int) -> dict:
    """What of the frame depends on the choice, after so many visits, as `look.paint` takes it."""
    chosen, done = EXPRESSIONS[expression], Pass.of(expression, way, leaves)
    values = chosen.values(leaves)
    seen = [node for node, _ in done.visits[:visit]]
    gradients = done.visits[visit - 1][1] if visit else {chosen.root: 1.0}
    xs, ys = _edges(chosen)
    x, y = zip(*(chosen.places[name] for name in values), strict=True)
    color = [HERE if seen[-1:] == [name] else VISITED if name in seen else UNSEEN for name in values]
    grown = [f"gradient {gradients[name]:.4g}" if name in gradients else "" for name in values]
    own = [gradients.get(leaf, 0.0) for leaf in leaves]
    quotients = [done.differences[leaf] for leaf in leaves]
    names = {"x": list(leaves)}
    return {
        "traces": [
            {"x": xs, "y": ys},
            {"x": x, "y": y, "text": [f"<b>{name}</b>" for name in values], "marker.color": color},
            {"x": x, "y": y, "text": [f"= {value:.4g}" for value in values.values()]},
            {"x": x, "y": y, "text": grown},
            names | {"y": own, "text": [f"{value:.4g}" for value in own]},
            names | {"y": quotients, "text": [f"{value:.4g}" for value in quotients]},
        ],
        "finding": _finding(way, visit, done, own, quotients),
        "detail": f"after {visit} of {len(done.visits)} visits"
        + (f", the last one at {seen[-1]}" if seen else ", only the output has a gradient: 1"),
    }


def _finding(way: str, visit: int, done: Pass, own: list[float], quotients: list[float]) -> str:
    name = way.capitalize()
    if visit < len(done.visits):
        return f"{name}: the gradients are not complete yet"
    wrong = np.flatnonzero(~np.isclose(own, quotients, rtol=1e-3, atol=1e-3))
    if not len(wrong):
        return f"{name}: right after {visit} visits"
    leaf = list(done.differences)[wrong[0]]
    return f"{name}: wrong, {own[wrong[0]]:.4g} instead of {quotients[wrong[0]]:.4g} for {leaf}"


def figure(
    expression: str = FIRST, way: str = "preorder", leaves: Mapping[str, float] | None = None, visit: int = -1
) -> go.Figure:
    """The graph after a visit (the last unless said), and the leaves' gradients beside their differences."""
    leaves = leaves or EXPRESSIONS[expression].leaves
    visit = len(Pass.of(expression, way, leaves).visits) if visit < 0 else visit
    return look.paint(frame(), **contents(expression, way, leaves, visit))
