"""Figures on screen, as plotly's widget draws them, without what it works out for nobody."""

import functools
import re

import plotly.graph_objects as go

REPORTS = ("_sendTraceDeltas", "_sendLayoutDelta")


def live(figure: go.Figure) -> go.FigureWidget:
    """A widget of this figure, for `look.stage`: what Python changes of it, the page draws."""
    return _widget()(figure)


@functools.cache
def _widget() -> type[go.FigureWidget]:
    # A class made late: plotly's widget brings 5 MB of JavaScript, which who only draws does not read.
    class Live(go.FigureWidget):
        _esm = silent(str(go.FigureWidget._esm))

        # After each change plotly works out which callbacks it concerns; no demo has any.
        def _dispatch_layout_change_callbacks(self, *_):
            pass

        def _dispatch_trace_change_callbacks(self, *_):
            pass

    return Live


def begin_again(figure: go.FigureWidget) -> None:
    """Open a figure once more for the page, with what it shows now. What holds it has to be sent, too.

    A page opens a figure empty, and messages fill it. anywidget throws them all away, for good, where the
    figure takes over two seconds to begin, as plotly does on a busy machine.
    """
    figure.close()
    figure._widget_layout, figure._widget_data = {}, []  # one that misses it again is seen to be empty again
    figure.open()
    now = figure.to_plotly_json()
    figure._widget_layout, figure._widget_data = now["layout"], now["data"]


def silent(bundle: str) -> str:
    """Plotly's widget in JavaScript, whose page reports no more which defaults plotly has filled in.

    After each change the page would compare all of the figure with what Python knows, and send the difference
    to the kernel, where no demo reads it. A bundle without such a view stays as it is: slower, not wrong.
    """
    # It begins with letters, which are found in 5 MB ten times as fast as the edge of a word.
    found = re.search(r"export\s*\{[^}]*?\b([\w$]+) as FigureView\b", bundle)
    if not found or not all(f"{report}(" in bundle for report in REPORTS):
        return bundle
    return bundle + "".join(f"\n{found[1]}.prototype.{report} = () => {{}};" for report in REPORTS)
