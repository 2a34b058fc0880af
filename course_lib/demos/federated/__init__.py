"""Demo of lab 7: ten clients share digits among them, train alone, and a server averages their models."""

import os

from course_lib.demos import look
from course_lib.demos.federated import figures, picture
from course_lib.demos.live import live

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    first = picture.Setting()
    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(first, picture.opening()))
        return
    import ipywidgets

    trained = {first: picture.opening()}
    latest, before = first, None  # the runs last trained
    widget = live(picture.figure(first, trained[first]))
    wide = {"style": {"description_width": "150px"}, "layout": {"width": "430px"}}
    controls = {
        "alpha": ipywidgets.SelectionSlider(
            options=list(picture.ALPHAS.items()), value=0.1, description="α of the split", **wide
        ),
        "epochs": ipywidgets.SelectionSlider(
            options=picture.EPOCHS, value=5, description="local epochs", **wide
        ),
        "answering": ipywidgets.IntSlider(
            picture.CLIENTS, 1, picture.CLIENTS, description="clients that answer", **wide
        ),
        "weighted": ipywidgets.Checkbox(value=True, description="weigh models by examples", indent=False),
    }
    button = ipywidgets.Button(description="Train", icon="play", button_style="primary")

    def setting() -> picture.Setting:
        return picture.Setting(**{name: control.value for name, control in controls.items()})

    def shown_before(chosen: picture.Setting):
        """The run to compare with: the last one that is another."""
        other = latest if chosen != latest else before
        return other and (other, trained[other])

    def changed(_):
        chosen = setting()
        button.disabled = chosen in trained
        look.paint(widget, **picture.contents(chosen, trained.get(chosen), shown_before(chosen)))

    def pressed(_):
        nonlocal latest, before
        button.disabled = True
        chosen = setting()
        compared = shown_before(chosen)

        def live(so_far: picture.Run) -> None:
            look.paint(widget, **picture.contents(chosen, so_far, compared))

        try:
            trained[chosen] = picture.train(chosen, live)
            latest, before = chosen, latest
        finally:
            changed(None)

    for control in controls.values():
        control.observe(changed, "value")
    button.on_click(pressed)
    button.disabled = True
    rows = [
        ipywidgets.HBox([controls["alpha"], controls["answering"]]),
        ipywidgets.HBox([controls["epochs"], controls["weighted"], button]),
    ]
    display(look.stage(rows, widget))
