"""Demo of lab 5: gradients leave in buckets while the backward pass goes on; how large should a bucket be?"""

import os

from course_lib.demos import look
from course_lib.demos.gradient_buckets import figures, picture
from course_lib.demos.live import live

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
        "size": ipywidgets.SelectionSlider(
            options=list(picture.LIMITS), value=first.size, description="bucket size", **wide
        ),
        "speed": ipywidgets.SelectionSlider(
            options=[(f"{speed} GB/s", speed) for speed in picture.SPEEDS], value=first.speed,
            description="link speed", **wide,
        ),
        "latency": ipywidgets.SelectionSlider(
            options=[(f"{latency} ms", latency) for latency in picture.LATENCIES], value=first.latency,
            description="latency", **wide,
        ),
    }  # fmt: skip

    def update(_):
        setting = picture.Setting(**{name: control.value for name, control in controls.items()})
        with widget.batch_update():
            # What stays as it is need not travel.
            for name, value in figures.axes(setting).items():
                if widget.layout[name] != value:
                    widget.layout[name] = value
            look.paint(widget, **figures.contents(setting))

    for control in controls.values():
        control.observe(update, "value")
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    link = ipywidgets.HBox([controls["speed"], controls["latency"]], layout=wrap)
    display(look.stage([controls["size"], link], widget))
