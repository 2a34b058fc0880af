"""What every demo of a question keeps to, said once for all their tests."""

import asyncio
import json
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor

import plotly.graph_objects as go


def said(figure: go.Figure) -> str:
    """The finding the figure states and what stands below it, in however many lines."""
    return figure.layout.title.text.replace("<br>", " ")


def unnamed_axes(figure: go.Figure) -> set[str]:
    """Axes in view without a title; on the way, that the figure can be saved."""
    json.loads(figure.to_json())
    axes = [name for name in figure.to_dict()["layout"] if name.startswith(("xaxis", "yaxis"))]
    assert axes
    shown = (name for name in axes if figure.layout[name].visible is not False)
    return {name for name in shown if not figure.layout[name].title.text}


def still_then_live(monkeypatch, show: Callable[[], object]) -> Collection:
    """Controls and figure that `show()` displays to a student, once it has shown a grader a still figure."""
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    show()
    assert type(shown[0]) is go.Figure
    monkeypatch.delenv("NBGRADER_EXECUTION")
    show()
    # The figure stands in a box of its own, which scrolls where a screen is narrow.
    return [part.children[0] if "course-figure" in part._dom_classes else part for part in shown[1].children]


def run(coroutine: Coroutine):
    """Its result, from an event loop of its own: playwright leaves one running in a worker's main thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
