"""Demo of question 11: a rule, the cluster it runs, and the queues it leaves."""

import itertools
import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.scheduling import figures, gantt_chart, picture

__all__ = ["figures", "gantt_chart", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure())
        return
    import ipywidgets

    widget = live(picture.figure())
    name = {"description_width": "130px"}
    rule = ipywidgets.ToggleButtons(options=list(picture.RULES), description="rule", style=name)
    wide = {"style": name, "layout": {"width": "480px"}}
    loads, shorts = (
        [(f"{100 * share:.0f} %", share) for share in shares] for shares in (picture.LOADS, picture.SHORT)
    )
    load = ipywidgets.SelectionSlider(options=loads, value=0.8, description="load of 5 GPUs", **wide)
    short = ipywidgets.SelectionSlider(options=shorts, value=0.95, description="short prompts", **wide)
    for setting in itertools.product(picture.RULES, picture.LOADS, picture.SHORT):
        picture.run(*setting)  # a second or two now, so that no slider waits

    def update(_):
        look.paint(widget, **picture.contents(rule.value, load.value, short.value))

    for control in (rule, load, short):
        control.observe(update, "value")
    display(look.stage((rule, load, short), widget))
