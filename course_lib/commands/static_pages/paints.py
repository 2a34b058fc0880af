"""What demos paint while nobody looks: it is kept, and drawn once when a figure is asked for.

On the way to a state, and in a training, a demo paints many figures that no page has. `look.paint` changes by
name what a figure shows, so that of several changes of one name only the last counts.
"""

import contextlib
import functools
from unittest import mock

import plotly.graph_objects as go
from plotly.validator_cache import ValidatorCache

from course_lib.demos import look, titles

_paint = look.paint


class Paints:
    """Changes of figures on screen that are still to be drawn."""

    def __init__(self):
        self._waiting: dict[int, tuple[go.FigureWidget, dict]] = {}  # by id: a figure has no hash

    @contextlib.contextmanager
    def kept(self):
        """Within, what demos paint on screen waits for `draw`; a still figure is painted at once."""
        with mock.patch.object(look, "paint", self._keep):
            yield

    def draw(self, figure: go.FigureWidget) -> None:
        """Bring a figure up to date as `look.paint` does, without a message to a page, which takes most."""
        if id(figure) not in self._waiting:
            return
        _, waiting = self._waiting.pop(id(figure))
        for trace, kept, change in zip(figure.data, figure._data, waiting["traces"], strict=True):
            _change(trace, kept, trace.type, change)
        notes, layout = figure.layout.annotations, figure._layout
        for index, change in waiting["annotations"].items():
            _change(notes[index], layout["annotations"][index], "layout.annotation", change)
        title = titles.title(waiting["finding"], waiting["detail"])
        layout["meta"] = {**layout["meta"], "title": {"text": title}}
        for name, value in titles.fitted(layout["meta"], layout["meta"]["room"]).items():
            layout[name] = {**layout[name], **value} if isinstance(value, dict) else value

    def _keep(self, figure, traces, finding, detail="", annotations=None):
        if not isinstance(figure, go.FigureWidget):
            return _paint(figure, traces, finding, detail, annotations)
        nothing = {"traces": [{} for _ in figure.data], "annotations": {}}
        _, before = self._waiting.get(id(figure), (figure, nothing))
        noted = before["annotations"]
        later = {index: _over(noted.get(index, {}), change) for index, change in (annotations or {}).items()}
        self._waiting[id(figure)] = (
            figure,
            {
                "traces": [_over(old, new) for old, new in zip(before["traces"], traces, strict=True)],
                "finding": finding,
                "detail": detail,
                "annotations": noted | later,
            },
        )
        return figure


def _over(before: dict, change: dict) -> dict:
    """Both; what is set again, or is a part of what is set as a whole now, counts no more."""
    kept = {
        name: value
        for name, value in before.items()
        if not any(f"{name}.".startswith(f"{again}.") for again in change)
    }
    return kept | change


def _change(shown, kept: dict, path: str, change: dict) -> None:
    """Set by name what plotly shows of a part and keeps in a dict, as the validators of its path give it."""
    for name, value in change.items():
        if value is None or isinstance(value, dict):
            shown[name] = value
            continue
        *outer, last = name.split(".")
        part = functools.reduce(lambda inner, one: inner.setdefault(one, {}), outer, kept)
        part[last] = ValidatorCache.get_validator(".".join([path, *outer]), last).validate_coerce(value)
