"""Demo of question 2: what a coarse grid does to the weights of a trained network, and to its accuracy."""

import os

from course_lib import quantization
from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.quantization import figures, picture

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(picture.measure(8, "tensor", 300)))
        return
    import ipywidgets

    widget = live(picture.figure(picture.measure(8, "tensor", 1)))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "500px"}}
    controls = {
        "bits": ipywidgets.IntSlider(8, 2, 8, description="bits per weight", **wide),
        "granularity": ipywidgets.Dropdown(
            options=quantization.GRANULARITIES, description="one scale per", **wide
        ),
        "factor": ipywidgets.SelectionSlider(
            options=picture.FACTORS, description="one unit scaled by", **wide
        ),
    }

    def update(_):
        setting = {name: control.value for name, control in controls.items()}
        look.paint(widget, **picture.contents(picture.measure(**setting)))

    for control in controls.values():
        control.observe(update, "value")
    display(look.stage(controls.values(), widget))
