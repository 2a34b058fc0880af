"""Demo of question 5: a network is trained as you watch, and learns its wrong labels by heart."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.overfitting import figures, picture, wall
from course_lib.demos.overfitting.wall import Replay, contents, moment
from course_lib.overfitting import networks

__all__ = ["figures", "picture", "show", "wall"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(picture.Setting(), networks.EPOCHS))
        return
    import ipywidgets

    trained = dict(picture.opening())
    widget = live(picture.figure(picture.Setting(), networks.EPOCHS))
    wide = {"style": {"description_width": "110px"}, "layout": {"width": "460px"}}
    controls = {
        "width": ipywidgets.SelectionSlider(options=picture.WIDTHS, value=256, description="width", **wide),
        "share": ipywidgets.SelectionSlider(
            options=list(picture.SHARES.items()), value=0.25, description="wrong labels", **wide
        ),
        "dropout": ipywidgets.SelectionSlider(options=picture.DROPOUTS, description="dropout", **wide),
        "decay": ipywidgets.SelectionSlider(options=picture.DECAYS, description="weight decay", **wide),
    }
    epoch, epoch_row = wall.epoch_controls(networks.EPOCHS, networks.EPOCHS)
    button = ipywidgets.Button(description="Train", icon="play", button_style="primary")
    busy = False

    def setting() -> picture.Setting:
        return picture.Setting(**{name: control.value for name, control in controls.items()})

    def current() -> Replay:
        return trained.get(setting()) or picture.untrained(setting())

    def changed(_):
        button.disabled = setting() in trained
        look.paint(widget, **contents(current(), epoch.value, str(setting())))

    def moved(_):
        if not busy:
            look.paint(widget, **moment(current(), epoch.value, str(setting())))

    def pressed(_):
        nonlocal busy
        busy, button.disabled = True, True
        chosen = setting()

        def live(so_far: Replay) -> None:
            epoch.value = so_far.epochs
            # The images came with the first epoch; only what is new travels.
            paint = contents if so_far.epochs == 1 else _curves_and_moment
            look.paint(widget, **paint(so_far, so_far.epochs, str(chosen)))

        try:
            trained[chosen] = picture.train(chosen, live)
        finally:
            busy = False
            changed(None)

    for control in controls.values():
        control.observe(changed, "value")
    epoch.observe(moved, "value")
    button.on_click(pressed)
    button.disabled = True
    left, right = list(controls.values())[:2], list(controls.values())[2:]
    columns = ipywidgets.HBox([ipywidgets.VBox(left), ipywidgets.VBox(right)])
    display(look.stage([columns, ipywidgets.HBox([epoch_row, button])], widget))


def _curves_and_moment(so_far: Replay, epoch: int, name: str) -> dict:
    """As `contents`, without the images and their labels."""
    every = contents(so_far, epoch, name)
    return every | {"traces": [{}, every["traces"][1], {}, *every["traces"][3:]]}
