"""Demo of lab 3: German becomes English token by token, and lines show where the model looks for each."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.translation import figures, models, picture

__all__ = ["figures", "models", "picture", "show"]

START = 1  # the second token: here the case of the first article decides
ALL = "all"  # heads; a dropdown shows nothing where its value is None


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    first = picture.measure(picture.EXAMPLES[0], next(iter(models.KINDS)))
    drawn = figures.attention(first, START)
    if "NBGRADER_EXECUTION" in os.environ:
        display(drawn)
        return
    import ipywidgets

    widget = live(drawn)
    wide = {
        "style": {"description_width": "90px"}, "layout": {"width": "560px", "max_width": "98%"}
    }  # fmt: skip
    example = ipywidgets.Dropdown(options=picture.EXAMPLES, description="example", **wide)
    german = ipywidgets.Text(value=picture.EXAMPLES[0], description="German", **wide)
    exchange = ipywidgets.Button(description="Exchange der and den", layout={"width": "190px"})
    kind = ipywidgets.ToggleButtons(
        options=list(models.KINDS),
        description="trained with",
        style={"description_width": "90px", "button_width": "130px"},
    )
    layers, heads, _ = first.steps[0].attention.shape
    layer = ipywidgets.Dropdown(
        options=[(f"layer {number + 1}", number) for number in range(layers)], value=layers - 1,
        description="attention", style={"description_width": "90px"}, layout={"width": "240px"},
    )  # fmt: skip
    every = [(f"head {number + 1}", number) for number in range(heads)]
    head = ipywidgets.Dropdown(
        options=[("mean of its heads", ALL), *every], description="of",
        style={"description_width": "25px"}, layout={"width": "220px"},
    )  # fmt: skip
    token = ipywidgets.IntSlider(START + 1, 1, len(first.steps), description="token", **wide)
    play = ipywidgets.Play(value=START + 1, min=1, max=len(first.steps), interval=900)
    ipywidgets.jslink((play, "value"), (token, "value"))

    def reading() -> picture.Reading:
        return picture.measure(german.value, kind.value)

    def choose(_):
        """Another sentence or model: it may take more steps, or fewer."""
        play.playing = False
        if steps := reading().steps:  # not while a word is being typed: the slider stays where it is
            token.max = play.max = len(steps)
        update(None)

    def update(_):
        seen = reading()
        with widget.batch_update():
            # What stays as it is need not travel.
            for name, value in picture.axes(seen).items():
                if widget.layout[name] != value:
                    widget.layout[name] = value
            at = min(token.value, len(seen.steps)) - 1
            one = None if head.value == ALL else head.value
            look.paint(widget, **picture.contents(seen, at, layer.value, one))

    def chosen(change):
        german.value = change["new"]

    def exchanged(_):
        german.value = picture.exchanged(german.value)

    example.observe(chosen, "value")
    exchange.on_click(exchanged)
    for control in (german, kind):
        control.observe(choose, "value")
    for control in (token, layer, head):
        control.observe(update, "value")
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    rows = [
        example,
        ipywidgets.HBox([german, exchange], layout=wrap),
        kind,
        ipywidgets.HBox([token, play], layout=wrap),
        ipywidgets.HBox([layer, head], layout=wrap),
    ]
    display(look.stage(rows, widget))
