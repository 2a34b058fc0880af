"""Demo of question 10: a token whose cache crosses the link, layer by layer, beside the computing."""

import os

from course_lib.costs.collectives import Network
from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.offload_delay import figures, picture
from course_lib.hardware import LINKS
from course_lib.offload.card import LINK

__all__ = ["figures", "picture", "show"]


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure())
        return
    import ipywidgets

    widget = live(picture.figure())
    wide = {"style": {"description_width": "130px"}, "layout": {"width": "520px"}}
    rates = {f"{name}, {Network.of(LINKS[name]).bandwidth / 1e9:.0f} GB/s": name for name in picture.NAMES}
    link_ = ipywidgets.SelectionSlider(options=rates, value=LINK.name, description="link", **wide)
    context = ipywidgets.SelectionSlider(
        options=[(f"{tokens:,} tokens", tokens) for tokens in picture.CONTEXTS],
        value=4096,
        description="context",
        **wide,
    )
    pieces = ipywidgets.SelectionSlider(
        options=picture.LAYERS_A_COPY, value=1, description="layers per copy", **wide
    )
    style = {"button_width": "100px"}
    buffers = ipywidgets.ToggleButtons(options=picture.BUFFERS, description="buffers", style=style)
    kept = ipywidgets.ToggleButtons(options=picture.KEPT, description="stays on the card", style=style)
    controls = (link_, context, pieces, buffers, kept)

    def update(_):
        look.paint(widget, **picture.contents(picture.case(*(control.value for control in controls))))

    for control in controls:
        control.observe(update, "value")
    display(look.stage(controls, widget))
