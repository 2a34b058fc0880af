"""A figure on screen: it draws what Python says, and its page reports nothing back."""

import re

import plotly.graph_objects as go

from course_lib.demos.live import REPORTS, begin_again, live, silent

OPEN = go.FigureWidget.open
BUNDLE = "class V{f(){this._sendTraceDeltas(1);this._sendLayoutDelta(1)}}export{V as FigureView,x as d};"


def test_the_widget_of_the_plotly_that_is_installed_has_the_reports_that_are_left_out():
    plotly_widget = str(go.FigureWidget._esm)
    name = re.search(r"([\w$]+) as FigureView", plotly_widget)[1]
    for report in REPORTS:
        assert re.search(rf"\b{report}\(\w+\)\s*{{", plotly_widget), f"plotly has no method {report}"
    ours = str(live(go.Figure())._esm)
    assert ours.startswith(plotly_widget)
    for report in REPORTS:
        assert f"{name}.prototype.{report} = " in ours[len(plotly_widget) :]


def test_callbacks_that_no_demo_has_are_not_looked_for():
    for looked_for in ("_dispatch_layout_change_callbacks", "_dispatch_trace_change_callbacks"):
        assert callable(getattr(go.FigureWidget, looked_for)), f"plotly has no method {looked_for}"
    widget, called = live(go.Figure(go.Scatter(y=[1, 2]))), []
    widget.data[0].on_change(lambda *_: called.append("y"), "y")
    with widget.batch_update():
        widget.data[0].y = [3, 4]
    assert widget.data[0].y == (3, 4)
    assert called == []


def test_a_bundle_without_the_view_or_a_report_stays_as_it_is():
    assert silent(BUNDLE) != BUNDLE
    for lacking in ("FigureView", *REPORTS):
        other = BUNDLE.replace(lacking, "other")
        assert silent(other) == other


def test_a_live_figure_is_plotlys_widget_with_the_same_content():
    figure = go.Figure(go.Scatter(y=[1, 2]), layout_title_text="a title")
    widget = live(figure)
    assert isinstance(widget, go.FigureWidget)
    assert [trace.y for trace in widget.data] == [(1, 2)]
    assert widget.layout.title.text == "a title"


def test_a_figure_that_is_begun_again_opens_empty_and_is_filled_with_what_it_shows_now(monkeypatch):
    widget = live(go.Figure(go.Scatter(y=[1, 2]), layout_title_text="first"))
    widget.data[0].y, widget.layout.title.text = [3, 4], "second"
    opened = []
    monkeypatch.setattr(type(widget), "open", lambda it: (opened.append(list(it._widget_data)), OPEN(it)))
    begin_again(widget)
    assert opened == [[]]
    assert widget.comm is not None
    assert widget._widget_data[0]["y"] == [3, 4]
    assert widget._widget_layout["title"]["text"] == "second"
    widget.data[0].y = [5, 6]
    assert widget.data[0].y == (5, 6)
