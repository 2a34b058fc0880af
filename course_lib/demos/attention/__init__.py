"""Demo of question 3: where the heads of trained models look when they are asked for two things."""

import os
from collections.abc import Mapping

from course_lib.demos import look
from course_lib.demos.attention import figures, needles, picture
from course_lib.demos.live import live
from course_lib.heads.retrieval import PEOPLE, Models

__all__ = ["figures", "needles", "picture", "show"]


def show(models: Mapping[int, Models] | None = None) -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure.

    `models` by their number of heads, as `retrieval.train` returns them; without, the demo trains some.
    """
    from IPython.display import display

    models = dict(models or picture.trained_models())
    accuracies = {heads: picture.silent_heads(model) for heads, model in models.items()}
    start = 2 if 2 in models else next(iter(models))

    def asked(heads: int, story: int, first: str, second: str) -> picture.Look:
        return picture.measure(models[heads], story, first, second, accuracies[heads])

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(asked(start, 0, "Bob", "Gus")))
        return
    import ipywidgets

    widget = live(picture.figure(asked(start, 0, "Bob", "Gus")))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "500px"}}
    controls = {
        "heads": ipywidgets.ToggleButtons(
            options={f"{n} head{'s' if n > 1 else ''}": n for n in models}, value=start,
            style={"button_width": "90px"},
        ),
        "first": ipywidgets.Dropdown(options=PEOPLE, value="Bob", description="asked first", **wide),
        "second": ipywidgets.Dropdown(options=PEOPLE, value="Gus", description="then", **wide),
        "story": ipywidgets.IntSlider(1, 1, picture.STORIES, description="story", **wide),
    }  # fmt: skip

    def update(_):
        setting = {name: control.value for name, control in controls.items()}
        setting["story"] -= 1
        look.paint(widget, **picture.contents(asked(**setting)))

    for control in controls.values():
        control.observe(update, "value")
    display(look.stage(controls.values(), widget))
