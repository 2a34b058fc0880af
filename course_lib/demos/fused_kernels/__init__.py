"""Demo of lab 4: a row walks through a chain of kernels, or through one fused kernel."""

import html
import os

from course_lib.demos import look
from course_lib.demos.fused_kernels import figures, picture, walk, words
from course_lib.demos.live import live

__all__ = ["figures", "picture", "show", "walk", "words"]

_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"


def show() -> None:
    """The demo with its controls; where no one can move them (while grading, in a script), a still figure."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        display(picture.figure(walk.Walk(fuse=True)))
        return
    import ipywidgets

    first = walk.Walk()
    widget = live(picture.figure(first))
    wide = {
        "style": {"description_width": "110px"}, "layout": {"width": "500px", "max_width": "98%"}
    }  # fmt: skip
    operation = ipywidgets.Dropdown(options=walk.OPERATIONS, description="operation", **wide)
    keys = ipywidgets.SelectionSlider(
        options=[(f"{number:,}", number) for number in walk.KEYS], value=first.keys,
        description="values per row", **wide,
    )  # fmt: skip
    narrow = {"indent": False, "layout": {"width": "170px"}}
    causal = ipywidgets.Checkbox(first.causal, description="causal mask", **narrow)
    fuse = ipywidgets.Checkbox(first.fuse, description="one fused kernel", **narrow)
    at = ipywidgets.IntSlider(first.at, 1, len(first.chain), description="kernel", **wide)
    play = ipywidgets.Play(value=first.at, min=1, max=len(first.chain), interval=1200)
    ipywidgets.jslink((play, "value"), (at, "value"))
    unseen = ipywidgets.HTML()

    def seen() -> walk.Walk:
        kernel = min(at.value, len(walk.chain(operation.value, keys.value)))
        return walk.Walk(operation.value, keys.value, causal.value, fuse.value, kernel)

    def choose(_):
        """Another operation has a chain of its own."""
        play.playing = False
        causal.disabled = operation.value != "softmax"
        at.disabled = play.disabled = fuse.value
        at.max = play.max = len(seen().chain)
        update(None)

    def update(_):
        now = seen()
        with widget.batch_update():
            # What stays as it is need not travel.
            for name, value in picture.axes(now).items():
                if widget.layout[name] != value:
                    widget.layout[name] = value
            look.paint(widget, **picture.contents(now))
        unseen.value = _for_screen_readers(now)

    for control in (operation, fuse):
        control.observe(choose, "value")
    for control in (keys, causal, at):
        control.observe(update, "value")
    unseen.value = _for_screen_readers(first)
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    rows = [
        operation,
        keys,
        ipywidgets.HBox([fuse, causal], layout=wrap),
        ipywidgets.HBox([at, play], layout=wrap),
        unseen,
    ]
    display(look.stage(rows, widget))


def _for_screen_readers(seen: walk.Walk) -> str:
    return f"<div role='status' style='{_UNSEEN}'>{html.escape(words.spoken(seen))}</div>"
