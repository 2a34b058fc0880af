"""Demo of question 9: a chat grows until the card is full; what each way out does to memory and waiting."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.offload_memory import figures, picture
from course_lib.offload.memory import POLICIES

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure("offload", picture.TURNS))
        return
    import ipywidgets

    widget = live(picture.figure("refuse", 1))
    wide = {"style": {"description_width": "130px"}, "layout": {"width": "560px"}}
    policy = ipywidgets.ToggleButtons(options=POLICIES, description="when it is full")
    turn = ipywidgets.IntSlider(1, 1, picture.TURNS, description="turn", **wide)
    prompt = ipywidgets.SelectionSlider(
        options=picture.PROMPTS, value=400, description="tokens per prompt", **wide
    )

    def update(_):
        look.paint(widget, **picture.contents(policy.value, turn.value, prompt.value))

    for control in (policy, turn, prompt):
        control.observe(update, "value")
    display(look.stage((policy, turn, prompt), widget))
