"""Demo of lab 6: what fills the memory of a GPU that trains a transformer, and which cards hold it."""

import os

from course_lib import shapes
from course_lib.demos import look
from course_lib.demos.live import live
from course_lib.demos.training_memory import figures, picture

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
    narrow = {"indent": False, "layout": {"width": "200px"}}
    sizes = {name: shapes.parameters(shapes.shape(name)) / 1e9 for name in picture.MODELS}

    def slider(options, name: str, description: str):
        return ipywidgets.SelectionSlider(
            options=[(f"{option:,}", option) for option in options], value=getattr(first, name),
            description=description, **wide,
        )  # fmt: skip

    controls = {
        "model": ipywidgets.Dropdown(
            options=[(f"{name}: {size:.3g} billion parameters", name) for name, size in sizes.items()],
            value=first.model, description="model", **wide,
        ),
        "precision": ipywidgets.Dropdown(
            options=list(picture.PRECISIONS), value=first.precision, description="precision", **wide
        ),
        "batch": slider(picture.BATCHES, "batch", "batch per GPU"),
        "length": slider(picture.lengths(first.model), "length", "tokens"),
        "stage": slider(picture.STAGES, "stage", "ZeRO stage"),
        "ranks": slider(picture.RANKS, "ranks", "GPUs"),
        "fused": ipywidgets.Checkbox(first.fused, description="fused attention", **narrow),
        "checkpointed": ipywidgets.Checkbox(first.checkpointed, description="checkpointing", **narrow),
        "dropout": ipywidgets.Checkbox(first.dropout, description="dropout", **narrow),
    }  # fmt: skip
    length, ranks = controls["length"], controls["ranks"]

    def update(_):
        setting = picture.Setting(**{name: control.value for name, control in controls.items()})
        ranks.disabled = setting.stage == 0  # which divides nothing
        with widget.batch_update():
            # What stays as it is need not travel.
            if (reach := figures.reach(setting)) != widget.layout.yaxis.range:
                widget.layout.yaxis.range = reach
            look.paint(widget, **figures.contents(setting))

    def choose(change):
        """Another model may have fewer position embeddings, or none."""
        allowed, chosen = picture.lengths(change["new"]), length.value
        length.unobserve(update, "value")
        length.options = [(f"{option:,}", option) for option in allowed]
        length.value = min(chosen, allowed[-1])
        length.observe(update, "value")
        update(change)

    for name, control in controls.items():
        control.observe(choose if name == "model" else update, "value")
    ranks.disabled = first.stage == 0
    wrap = ipywidgets.Layout(flex_flow="row wrap")
    rows = [
        ipywidgets.HBox([controls[name] for name in names], layout=wrap)
        for names in (
            ("model", "precision"), ("batch", "length"), ("stage", "ranks"),
            ("fused", "checkpointed", "dropout"),
        )
    ]  # fmt: skip
    display(look.stage(rows, widget))
