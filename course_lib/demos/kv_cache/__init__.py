"""Demo of question 8: a sentence goes on word by word; what each word costs, and what a cache takes up."""

import os

from course_lib.demos import look
from course_lib.demos.kv_cache import figures, picture
from course_lib.demos.live import live

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    first = next(iter(picture.MODELS))
    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(picture.measure(first, 0, 12, cached=False)))
        return
    import ipywidgets

    widget = live(picture.figure(picture.measure(first, 0, 1, cached=False)))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "500px"}}
    word = ipywidgets.IntSlider(1, 1, picture.WORDS, description="words so far", **wide)
    play = ipywidgets.Play(value=1, min=1, max=picture.WORDS, interval=600, description="words appear")
    ipywidgets.jslink((play, "value"), (word, "value"))
    cached = ipywidgets.Checkbox(False, description="keep keys and values", **wide)
    before = ipywidgets.SelectionSlider(
        options=[(f"{n:,} tokens", n) for n in picture.BEFORE], description="a document before", **wide
    )
    model = ipywidgets.Dropdown(options=list(picture.MODELS), description="counted for", **wide)

    def update(_):
        step = picture.measure(model.value, before.value, word.value, cached.value)
        with widget.batch_update():
            # What stays as it is need not travel.
            for name, value in picture.axes(step).items():
                if widget.layout[name] != value:
                    widget.layout[name] = value
            look.paint(widget, **picture.contents(step))

    for control in (word, cached, before, model):
        control.observe(update, "value")
    display(look.stage([ipywidgets.HBox([word, play]), cached, before, model], widget))
