"""What demos paint while nobody looks: it is kept, and drawn once when a figure is asked for.

On the way to a state, and in a training, a demo paints many figures that no page has. `look.paint` changes by
name what a figure shows, so that of several changes of one name only the last counts.
"""

import contextlib
from unittest import mock

import plotly.graph_objects as go

from course_lib.demos import look

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
        """Bring a figure up to date."""
        if id(figure) in self._waiting:
            _paint(figure, **self._waiting.pop(id(figure))[1])

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
