"""Demo of lab 2: a sentence is typed, two networks read it, and each word's part is seen."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.sentiment import picture

__all__ = ["picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    drawn = picture.figure(picture.measure(picture.EXAMPLES[0]))
    if "NBGRADER_EXECUTION" in os.environ:
        display(drawn)
        return
    import ipywidgets

    widget = live(drawn)
    wide = {"style": {"description_width": "90px"}, "layout": {"width": "620px"}}
    example = ipywidgets.Dropdown(options=picture.EXAMPLES, description="example", **wide)
    sentence = ipywidgets.Text(value=picture.EXAMPLES[0], description="sentence", **wide)
    flip = ipywidgets.Button(description="Flip the negation", button_style="primary")

    def update(_):
        look.paint(widget, **picture.contents(picture.measure(sentence.value)))

    def chosen(change):
        sentence.value = change["new"]

    def flipped(_):
        sentence.value = picture.flipped(sentence.value)

    example.observe(chosen, "value")
    sentence.observe(update, "value")
    flip.on_click(flipped)
    display(look.stage([example, ipywidgets.HBox([sentence, flip])], widget))
