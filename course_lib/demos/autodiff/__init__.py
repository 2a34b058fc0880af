"""Demo of lab 1: a backward pass over a small graph, visit by visit, in right ways and in wrong ones."""

import os

from course_lib.demos import look
from course_lib.demos.autodiff import figures, graphs, picture, walks
from course_lib.demos.live import live

__all__ = ["figures", "graphs", "picture", "show", "walks"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure())
        return
    import ipywidgets

    wide = {"style": {"description_width": "90px"}, "layout": {"width": "620px"}}
    expression = ipywidgets.Dropdown(options=list(picture.EXPRESSIONS), description="formula", **wide)
    way = ipywidgets.ToggleButtons(
        options=list(walks.WAYS), value="order", description="way back", style={"description_width": "90px"}
    )
    first = ipywidgets.FloatSlider(value=2.0, min=-4, max=4, step=0.1, description="a", **wide)
    visit = ipywidgets.IntSlider(value=0, min=0, max=4, description="visits", **wide)
    widget = live(picture.figure(picture.FIRST, "order", visit=0))

    def leaves() -> dict[str, float]:
        given = picture.EXPRESSIONS[expression.value].leaves
        return {**given, next(iter(given)): first.value}

    def choose(_):
        """Another formula or way: the pass begins again."""
        first.description = next(iter(leaves()))
        visit.max = len(picture.Pass.of(expression.value, way.value, leaves()).visits)
        visit.value = 0
        update(None)

    def update(_):
        shown = picture.contents(expression.value, way.value, leaves(), visit.value)
        look.paint(widget, **shown)

    for control in (expression, way):
        control.observe(choose, "value")
    for control in (first, visit):
        control.observe(update, "value")
    choose(None)
    display(look.stage((expression, way, visit, first), widget))
