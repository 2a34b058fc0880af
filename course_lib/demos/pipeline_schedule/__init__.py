"""Demo of lab 5: the stages of a pipeline at work, and the microbatches that each of them keeps."""

import os

from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.pipeline_schedule import figures, picture

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    first = picture.Setting()
    if "NBGRADER_EXECUTION" in os.environ:
        display(figures.figure(first))
        return
    import ipywidgets

    widget = live(figures.figure(first))
    wide = {
        "style": {"description_width": "110px"}, "layout": {"width": "420px", "max_width": "98%"}
    }  # fmt: skip
    controls = {
        "kind": ipywidgets.ToggleButtons(
            options=list(picture.KINDS), value=first.kind, description="schedule",
            style={"description_width": "110px", "button_width": "100px"}, layout=wide["layout"],
        ),
        "stages": ipywidgets.IntSlider(first.stages, 1, picture.STAGES, description="stages", **wide),
        "microbatches": ipywidgets.IntSlider(
            first.microbatches, 1, picture.MICROBATCHES, description="microbatches", **wide
        ),
        "message": ipywidgets.SelectionSlider(
            options=picture.MESSAGES, value=first.message, description="message time", **wide
        ),
        "slow": ipywidgets.SelectionSlider(
            options=_slow(first.stages), value=first.slow, description="slow stage", **wide
        ),
    }  # fmt: skip
    slow = controls["slow"]

    def update(_):
        setting = picture.Setting(**{name: control.value for name, control in controls.items()})
        with widget.batch_update():
            # What stays as it is need not travel.
            for name, value in figures.axes(setting).items():
                if widget.layout[name] != value:
                    widget.layout[name] = value
            look.paint(widget, **figures.contents(setting))

    def choose(change):
        """Another number of stages may be without the one that is slow."""
        chosen = slow.value
        slow.unobserve(update, "value")
        slow.options = _slow(change["new"])
        slow.value = chosen if chosen < change["new"] else picture.NONE
        slow.observe(update, "value")
        update(change)

    for name, control in controls.items():
        control.observe(choose if name == "stages" else update, "value")
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    rows = [
        controls["kind"],
        *(
            ipywidgets.HBox([controls[name] for name in names], layout=wrap)
            for names in (("stages", "microbatches"), ("message", "slow"))
        ),
    ]
    display(look.stage(rows, widget))


def _slow(stages: int) -> list[tuple[str, int]]:
    return [("none", picture.NONE), *((str(stage), stage) for stage in range(stages))]
