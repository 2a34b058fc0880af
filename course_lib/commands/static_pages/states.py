"""A demo without a browser: what its controls are, and its figure in every state of them.

`show()` makes widgets that work without a kernel: setting a control's value calls the demo's own code, and
the figure then holds what a browser would draw.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from unittest import mock

from course_lib.commands.static_pages import grid
from course_lib.commands.static_pages.pack import Pack
from course_lib.commands.static_pages.paints import Paints
from course_lib.demos import titles

# Controls that look at a network while it was trained: they are moved once it is.
VIEWS = ("epoch", "training step")
TRAINS = "Train"  # how the description of a button begins that trains for the setting of the others


@dataclass
class Control:
    """One control of a demo, by the widget it is live."""

    widget: object

    @property
    def kind(self) -> str:
        """How a page shows it: range, select, radio, check or press."""
        import ipywidgets

        kinds = {
            ipywidgets.ToggleButtons: "radio",
            ipywidgets.Dropdown: "select",
            ipywidgets.Checkbox: "check",
            ipywidgets.Button: "press",
        }
        return kinds.get(type(self.widget), "range")

    @property
    def name(self) -> str:
        return self.widget.description or "choose"

    @property
    def values(self) -> list:
        """What can be set now."""
        if self.kind in ("check", "press"):
            return [False, True]
        if hasattr(self.widget, "options"):
            return list(range(len(self.widget.options)))
        low, high, step = self.widget.min, self.widget.max, self.widget.step
        return [low + step * i for i in range(round((high - low) / step) + 1)]

    @property
    def labels(self) -> list[str]:
        """The values as the live demo writes them."""
        if hasattr(self.widget, "options"):
            pairs = (one if isinstance(one, tuple) else (one, one) for one in self._options())
            return [str(label) for label, _ in pairs]
        form = getattr(self.widget, "readout_format", "")
        return [format(value, form) if self.kind == "range" else "" for value in self.values]

    def _options(self):
        options = self.widget.options
        return options.items() if hasattr(options, "items") else options

    @property
    def at(self) -> int:
        """Which of `values` is set."""
        if self.kind == "press":
            return 0
        if hasattr(self.widget, "options"):
            return self.widget.index
        return min(range(len(self.values)), key=lambda i: abs(self.values[i] - self.widget.value))

    @property
    def works(self) -> bool:
        """Whether it is shown and can be moved now."""
        return not self.widget.disabled and self.widget.layout.visibility != "hidden"

    def set(self, at: int) -> None:
        """Move it to the value at this place; a button is pressed at 1."""
        if self.kind == "press":
            if at:
                self.widget.click()
        elif hasattr(self.widget, "options"):
            self.widget.index = at
        else:
            self.widget.value = self.values[at]


class Stage:
    """What one cell of a lecture shows: controls in the order in which they stand, and a figure."""

    def __init__(self, demo):
        import ipywidgets
        import plotly.graph_objects as go

        self.widgets = list(_leaves(demo))
        for widget in self.widgets:
            widget.close()  # for its page, which is not there: what changes need not be made a message
        self.figure = next(one for one in self.widgets if isinstance(one, go.FigureWidget))
        self.texts = [one for one in self.widgets if isinstance(one, ipywidgets.Text)]
        self.notes = [one for one in self.widgets if isinstance(one, ipywidgets.HTML)]
        self.plays = [one for one in self.widgets if isinstance(one, ipywidgets.Play)]
        buttons = [one for one in self.widgets if isinstance(one, ipywidgets.Button)]
        self.train = next((one for one in buttons if one.description.startswith(TRAINS)), None)
        others = (self.figure, self.train, *self.texts, *self.notes, *self.plays)
        self.controls = [
            Control(one) for one in self.widgets
            if one not in others and (hasattr(one, "value") or isinstance(one, ipywidgets.Button))
        ]  # fmt: skip

    def played(self) -> dict[str, int]:
        """Sliders that a player moves, and milliseconds between two steps."""
        found = {}
        for play in self.plays:
            reach = {
                control.name: abs(self.widgets.index(control.widget) - self.widgets.index(play))
                for control in self.controls if control.kind == "range"
            }  # fmt: skip
            found[min(reach, key=reach.get)] = play.interval
        return found

    def axes(self) -> list[grid.Axis]:
        return [
            grid.Axis(control.name, len(control.values), control.at, control.kind == "range")
            for control in self.controls
        ]

    def learn(self) -> None:
        """Press the button that trains, and wait until it has; pauses for the eye are left out."""

        async def pressed():
            self.train.click()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others)

        # A thread of its own: where this is called, in JupyterLab say, a loop may run already.
        with mock.patch("asyncio.sleep", _at_once), ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, pressed()).result()

    def drawn(self) -> dict:
        """The figure as it is now, its title apart, and what else the demo says; not to be changed."""
        # As plotly keeps it: what it gives away is copied, template and all.
        layout = dict(self.figure._layout)
        finding, detail = titles.taken_off(layout)
        return {
            "finding": finding,
            "detail": detail,
            "data": [
                {name: part for name, part in trace.items() if name != "uid"} for trace in self.figure._data
            ],
            "layout": layout,
            "texts": [f"{text.description}: {text.value}" for text in self.texts],
            "notes": [note.value for note in self.notes],
        }


_sleep = asyncio.sleep


async def _at_once(_) -> None:
    """A pause that only lets others go on."""
    await _sleep(0)


def _leaves(widget):
    import plotly.graph_objects as go

    if isinstance(widget, go.FigureWidget) or not hasattr(widget, "children"):
        yield widget
        return
    for child in widget.children:
        yield from _leaves(child)


@dataclass
class Explored:
    """All states of a stage: a tree whose leaves are places in `pack.values`, one level a control.

    A node is {"o": place of its labels in `options`, "s": the one it starts at, "c": children}, with "n"
    where the control has another name there, and "off" where it cannot be moved.
    """

    controls: list[dict] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    tree: object = None
    figures: int = 0
    left_out: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    trains: bool = False


def explore(opened: Callable[[], Stage], most: int, pack: Pack) -> Explored:
    """The states of the stage that `opened` opens each time, with their figures in `pack`.

    They are all, or at most `most`, and a network is trained for at most grid.TRAININGS settings; or they are
    the ends of all controls, where these are more.
    """
    stage = opened()
    axes = stage.axes()
    first = next((i for i, axis in enumerate(axes) if axis.name in VIEWS), len(axes))
    steps = grid.strides(axes, most)
    if stage.train:
        settings = grid.strides(axes[:first], grid.TRAININGS)
        many = 1
        for axis, step in zip(axes[:first], settings, strict=True):
            many *= len(grid.kept(axis.count, step, axis.start))
        steps = settings + grid.strides(axes[first:], max(1, most // many))
    played, paints = stage.played(), Paints()
    found = Explored(
        [
            {"kind": control.kind, "name": control.name, "play": played.get(control.name, 0)}
            for control in stage.controls
        ],
        left_out=[line for axis, step in zip(axes, steps, strict=True) if (line := grid.said(axis, step))],
        texts=[text.description for text in stage.texts],
        trains=stage.train is not None,
    )

    def below(stage: Stage, taken: list[int]):
        level = len(taken)
        if stage.train and level == first:
            stage = at(taken)
            if not stage.train.disabled:
                stage.learn()
        if level == len(axes):
            found.figures += 1
            paints.draw(stage.figure)
            return pack.part(stage.drawn())["$"]
        control = stage.controls[level]
        start = min(axes[level].start, len(control.values) - 1)
        places = grid.kept(len(control.values), steps[level], start) if control.works else [start]
        labels = [control.labels[place] for place in places]
        if labels not in found.options:
            found.options.append(labels)
        node = {"o": found.options.index(labels), "s": places.index(start), "c": []}
        if control.name != axes[level].name:
            node["n"] = control.name
        if not control.works:
            node["off"] = 1
        # From the end at which it stands: to another state it is seldom more than one control that moves.
        back = control.kind != "press" and control.at == places[-1]
        for place in reversed(places) if back else places:
            control.set(place)
            node["c"].append(below(stage, [*taken, place]))
        if back:
            node["c"].reverse()
        return node

    def at(taken: list[int]) -> Stage:
        """A new stage with its controls there, so that nothing of other settings is seen."""
        fresh = opened()
        for control, place in zip(fresh.controls, taken, strict=False):
            control.set(place)
        return fresh

    with paints.kept():
        found.tree = below(stage, [])
    return found
