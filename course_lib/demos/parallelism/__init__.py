"""Demo of question 6: three wishes, and the split of one model over a cluster that each of them picks."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.parallelism import figures, picture, pipeline, ring
from course_lib.parallelism.choice import WISHES

__all__ = ["figures", "picture", "pipeline", "ring", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    cluster = next(iter(picture.CLUSTERS))
    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(picture.measure("Llama 3 8B", cluster), "faster"))
        return
    import ipywidgets

    widget = live(picture.figure(picture.measure("Llama 3 8B", cluster), "faster"))
    wide = {"style": {"description_width": "90px"}, "layout": {"width": "620px"}}
    wish = ipywidgets.ToggleButtons(options=WISHES, description="I want", style={"description_width": "90px"})
    model = ipywidgets.SelectionSlider(
        options=list(picture.MODELS), value="Llama 3 8B", description="model", **wide
    )
    where = ipywidgets.Dropdown(options=list(picture.CLUSTERS), description="cluster", **wide)

    def update(_):
        look.paint(widget, **picture.contents(picture.measure(model.value, where.value), wish.value))

    for control in (wish, model, where):
        control.observe(update, "value")
    display(look.stage((wish, model, where), widget))
