"""Demo of question 4: two rates in one bowl, and at a button's press in a real network."""

import os

import numpy as np

from course_lib.demos import look
from course_lib.demos.learning_rate import figures, picture
from course_lib.demos.live import live

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(picture.measure(0.1, 0.45, 4, 0.0)))
        return
    import ipywidgets

    widget = live(picture.figure(picture.measure(0.1, 0.45, 4, 0.0)))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "500px"}}
    controls = {
        "rate_a": ipywidgets.SelectionSlider(options=picture.RATES, value=0.1, description="rate A", **wide),
        "rate_b": ipywidgets.SelectionSlider(options=picture.RATES, value=0.45, description="rate B", **wide),
        "curvature": ipywidgets.IntSlider(4, 1, 20, description="steep curvature", **wide),
        "momentum": ipywidgets.SelectionSlider(
            options=picture.MOMENTA, value=0.0, description="momentum", **wide
        ),
    }
    button = ipywidgets.Button(
        description=f"Train the network at both rates ({picture.EPOCHS} epochs)", layout={"width": "350px"}
    )

    def setting() -> dict:
        return {name: control.value for name, control in controls.items()}

    def update(_):
        look.paint(widget, **picture.contents(picture.measure(**setting())))

    def train(_):
        button.disabled = True
        descent, seen = picture.measure(**setting()), []

        def on_epoch(_, accuracy):
            seen.append(accuracy.copy())
            look.paint(widget, **picture.contents(descent, np.array(seen)))

        try:
            picture.train_network(*descent.rates, descent.momentum, on_epoch)
        finally:
            button.disabled = False

    for control in controls.values():
        control.observe(update, "value")
    button.on_click(train)
    display(look.stage([*controls.values(), button], widget))
