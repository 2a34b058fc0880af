"""Demo of question 7: how long people wait under each batching policy, and what the seats of the GPU do."""

import os

from course_lib.demos import look
from course_lib.demos.batching import curves, figures, picture
from course_lib.demos.live import live

__all__ = ["curves", "figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    start = picture.Setting("static", 64, 2, 70, 30)
    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(start))
        return
    import ipywidgets

    widget = live(picture.figure(start))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "560px"}}
    controls = {
        "policy": ipywidgets.ToggleButtons(
            options=picture.POLICIES, description="policy", style={"description_width": "150px"}
        ),
        "batch": ipywidgets.SelectionSlider(
            options=picture.BATCHES, value=64, description="batch, or seats", **wide
        ),
        "seconds": ipywidgets.SelectionSlider(
            options=picture.TIMEOUTS, value=2, description="timeout (s)", **wide
        ),
        "users": ipywidgets.IntSlider(70, 8, picture.MOST_USERS, description="users", **wide),
        "think_time": ipywidgets.SelectionSlider(
            options=picture.THINK_TIMES, value=30, description="thinking time (s)", **wide
        ),
    }

    def update(_):
        setting = picture.Setting(**{name: control.value for name, control in controls.items()})
        look.paint(widget, **picture.contents(setting))

    for control in controls.values():
        control.observe(update, "value")
    display(look.stage(controls.values(), widget))
