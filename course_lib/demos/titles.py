"""Titles of figures, whole at every width: plotly draws a title as it comes, and cuts what has no room.

A figure that a cell shows has its title above it, as text of the page; one with controls has it in lines that
are broken here, by the width that the page tells.
"""

import functools
import re

import plotly.graph_objects as go
import plotly.io
from plotly.io.base_renderers import ExternalRenderer, PlotlyRenderer

COLOR, FONT = "#222222", "system-ui, sans-serif"  # the color has a contrast of 12:1 on white
FINDING, DETAIL = 21, 16  # sizes of a title's letters, in pixels
LINE = 1.3 * FINDING  # plotly gives all lines of a title the height of the first
ABOVE, BESIDE = 30, 12  # pixels from the figure's edges to its title
TOP, HEIGHT = 100, 430  # pixels above a plot, and of a figure with a title of two lines, that says neither
ROOM = 700  # pixels that a title has until the page tells more
# Widths of letters in parts of their size, as in the widest of the fonts that `system-ui` may stand for.
_WIDTHS = {
    **dict.fromkeys("ijl.,:;'|! ", 0.36),
    **dict.fromkeys("frt()[]-/I·", 0.45),
    **dict.fromkeys("mwMW@%—", 0.98),
}
_CAPITAL, _OTHER = 0.73, 0.65
# A number stays with its unit.
_WORD = re.compile(r"(?:<[^>]*>|[^\s<]|(?<=\d) (?=%|(?:[mµ]?s|[kKMGT]?B)\b))+")
_TAG = re.compile(r"<[^>]*>")
_DETAIL = f"<br><span style='font-size:{DETAIL}px'>"


def title(finding: str, detail: str) -> str:
    """Two lines of one title: plotly places its own subtitle by the size of a title not yet drawn."""
    return f"{finding}{_DETAIL}{detail}</span>"


def fitted(layout: dict, room: float) -> dict:
    """What changes of a layout, as a dict with a title by `title`, to give that lines of `room` pixels.

    The plot keeps its size: the figure gets higher by the lines that the title did not have before.
    """
    finding, detail = _parts(layout["title"]["text"])
    above, below = lines(finding, FINDING, room), lines(detail, DETAIL, room)
    more = LINE * (len(above) + len(below) - _height(layout["title"]["text"]))
    return {
        "title": {"text": title("<br>".join(above), "<br>".join(below))},
        "margin": {"t": layout.get("margin", {}).get("t", TOP) + more},
        "height": layout.get("height", HEIGHT) + more,
    }


def lines(text: str, size: float, room: float) -> list[str]:
    """`text` in lines of at most `room` pixels where its words allow; it breaks at each <br>, too.

    Tags stay as they are: plotly carries one that is open on to the next line.
    """
    found = []
    for part in text.split("<br>"):
        line, taken = "", 0.0
        for word in _WORD.findall(part):
            longer = _letters(f" {word}", taken) if line else _letters(word)
            if line and size * longer > room:
                found.append(line)
                line, longer = "", _letters(word)
            line, taken = f"{line} {word}" if line else word, longer
        found.append(line)
    return found


def width(text: str, size: float) -> float:
    """Pixels that a text of this size takes at most; tags take none."""
    return size * _letters(text)


def _letters(text: str, before: float = 0.0) -> float:
    """Width of all letters, in parts of their size, after some that are so wide."""
    return sum((_width(c) for c in _TAG.sub("", text)), before)


@functools.cache
def _width(letter: str) -> float:
    return _WIDTHS.get(letter, _CAPITAL if letter.isupper() else _OTHER)


class _WithTitle(ExternalRenderer):
    """Shows a figure under its title, without plotly's tool bar, which would lie on the plot."""

    def render(self, fig_dict: dict) -> None:
        from IPython.display import display

        layout = fig_dict["layout"]
        if _DETAIL in (text := layout.get("title", {}).get("text") or ""):
            display({"text/html": _html(text), "text/plain": _plain(text)}, raw=True)
            _take_off(layout)
        plotly_renderer = PlotlyRenderer({"displayModeBar": False, "responsive": True})
        display(plotly_renderer.to_mimebundle(fig_dict), raw=True)


def taken_off(layout: dict) -> tuple[str, str]:
    """The finding and the detail of a figure on screen, which its layout, as a dict, has no more afterwards.

    Both are as they were given, without the line breaks for a width; the plot keeps its size.
    """
    meta = layout.pop("meta")
    layout |= {"margin": layout.get("margin", {}) | meta["margin"], "height": meta["height"]}
    layout["title"] = {"text": meta["title"]["text"]}
    found = _parts(layout["title"]["text"])
    _take_off(layout)
    return found


def _take_off(layout: dict) -> None:
    above = ABOVE + LINE * _height(layout["title"]["text"])
    margin, height = layout.get("margin", {}), layout.get("height", HEIGHT)
    layout |= {"margin": margin | {"t": margin.get("t", TOP) - above}, "height": height - above}
    del layout["title"]["text"]


def _parts(text: str) -> tuple[str, str]:
    finding, _, detail = text.removesuffix("</span>").partition(_DETAIL)
    return finding, detail


def _height(text: str) -> int:
    """Lines of a title as it stands."""
    return text.count("<br>") + 1


def _html(text: str) -> str:
    finding, detail = _parts(text)
    style = f"background:white;color:{COLOR};font-family:{FONT};margin:0;padding-left:{BESIDE}px"
    return (
        f"<p style='{style};font-size:{FINDING}px;line-height:1.3;padding-top:{BESIDE}px'>{finding}</p>"
        f"<p style='{style};font-size:{DETAIL}px;line-height:1.4'>{detail}</p>"
    )


def _plain(text: str) -> str:
    return "\n".join(filter(None, (_TAG.sub("", part.replace("<br>", " ")) for part in _parts(text))))


plotly.io.renderers["plotly_mimetype"] = _WithTitle()
plotly.io.renderers.default = plotly.io.renderers.default  # it holds the one of that name


def follow(figure: go.FigureWidget) -> None:
    """From now on `say` breaks the title of this figure on screen; what it needs is kept in layout.meta."""
    figure.layout.meta = {
        "title": {"text": figure.layout.title.text},
        "margin": {"t": figure.layout.margin.t or TOP},
        "height": figure.layout.height or HEIGHT,
        "room": ROOM,
    }
    say(figure)


def say(figure: go.Figure, text: str | None = None, room: float | None = None) -> None:
    """Give a figure a title by `title`; one on screen gets it in lines of `room` pixels, or as before."""
    if figure.layout.meta is None:
        figure.layout.title.text = text
        return
    meta = figure.layout.meta
    meta = {**meta, "title": {"text": text or meta["title"]["text"]}, "room": room or meta["room"]}
    fits = fitted(meta, meta["room"])
    with figure.batch_update():  # one by one: `update_layout` looks at every name again, for milliseconds
        figure.layout.meta = meta
        figure.layout.title.text = fits["title"]["text"]
        figure.layout.margin.t = fits["margin"]["t"]
        figure.layout.height = fits["height"]
