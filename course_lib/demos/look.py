"""The look all figures share: a template for a projector, colors for every eye, labels beside their lines."""

from collections.abc import Sequence

import plotly.graph_objects as go
import plotly.io

from course_lib.demos import titles

# Okabe & Ito 2008, told apart with every common color vision.
BLUE, ORANGE, GREEN, PURPLE, SKY, GRAY = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#56B4E9", "#7F7F7F"
TEXT = titles.COLOR
COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, GRAY)
HEAT = "Cividis"  # one hue path, readable in gray and with every color vision
# The color bar of a map of log10(error), from 0.1 % to 100 %.
PERCENT_BAR = {
    "tickvals": [-3, -2, -1, 0],
    "ticktext": ["0.1 %", "1 %", "10 %", "100 %"],
    "outlinewidth": 0,
    "title.font.size": 15,
}

_axis = {
    "showline": True,
    "linecolor": TEXT,
    "ticks": "outside",
    "tickcolor": TEXT,
    "gridcolor": "#E6E6E6",
    "zeroline": False,
    "title": {"standoff": 10, "font": {"size": 16}},
    "automargin": True,
}
plotly.io.templates["course"] = go.layout.Template(
    layout={
        "font": {"family": titles.FONT, "size": 16, "color": TEXT},
        "title": {
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": titles.ABOVE, "l": titles.BESIDE},
            "font": {"size": titles.FINDING},
        },
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "colorway": COLORS,
        "showlegend": False,
        "margin": {"l": 70, "r": 30, "t": titles.TOP, "b": 60},
        "height": titles.HEIGHT,
        "xaxis": _axis,
        "yaxis": _axis,
        "bargap": 0.05,
        "hoverlabel": {"font": {"size": 15}},
    }
)


def finish(figure: go.Figure, finding: str, detail: str = "") -> go.Figure:
    """Give the figure the shared look and, as its title, what it shows; `detail` stands below, smaller.

    Both are computed from the data by the caller, so that a title cannot claim what the figure does not show.
    """
    figure.update_layout(template="course", title_text=titles.title(finding, detail))
    return figure


def label(figure: go.Figure, ends: Sequence[tuple[float, float, str, str]], gap: float, **where) -> None:
    """Write names beside the ends of lines, at least `gap` apart, instead of a legend.

    `ends` holds (x, y, text, color) with x and y as drawn (the exponent on a logarithmic axis), and `where`
    the panel (row, col). Labels that would overlap are pushed apart around their common middle.
    """
    ends = sorted(ends, key=lambda end: end[1])
    groups: list[list[int]] = []  # runs of labels that touch, each spread around its own mean

    def span(group):
        middle = sum(ends[i][1] for i in group) / len(group)
        return middle - gap * (len(group) - 1) / 2, middle + gap * (len(group) - 1) / 2

    for i in range(len(ends)):
        groups.append([i])
        while len(groups) > 1 and span(groups[-2])[1] + gap > span(groups[-1])[0]:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        for place, i in enumerate(group):
            x, _, text, color = ends[i]
            figure.add_annotation(
                x=x, y=span(group)[0] + gap * place, text=text, font_color=color, showarrow=False,
                xanchor="left", xshift=8, **where,
            )  # fmt: skip


def paint(
    figure: go.Figure,
    traces: Sequence[dict],
    finding: str,
    detail: str = "",
    annotations: dict[int, dict] | None = None,
) -> go.Figure:
    """Fill a frame, or bring a FigureWidget on screen up to date, in one message to the browser.

    `traces` holds what changes of each trace ({"y": ...}, in the frame's order) and `annotations` what
    changes of the annotation at an index. Nothing else travels: axes stay put and a slider's step is quick.
    """
    with figure.batch_update():
        for trace, change in zip(figure.data, traces, strict=True):
            for name, value in change.items():
                trace[name] = value
        titles.say(figure, titles.title(finding, detail))
        for index, change in (annotations or {}).items():
            for name, value in change.items():
                figure.layout.annotations[index][name] = value
    return figure


# Beside each figure. A cell that runs out of sight is drawn before it has a width, and plotly looks again
# only when the window changes. And on a busy machine a figure may miss the two seconds that anywidget gives
# it to begin: it then stays empty, without a word.
FIT = """
const EMPTY = "The figure has not started yet. If it stays empty, run this cell or load the page again.";

function render({ model, el }) {
  let width = 0;
  const watch = new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    window.dispatchEvent(new Event("resize"));
    setTimeout(tell, 500);
  });
  watch.observe(el);

  const find = () => el.closest(".widget-vbox")?.querySelector(".js-plotly-plot");
  const drawn = () => find()?.data?.length && find().querySelector(".gtitle")?.textContent;
  const tell = () => {  // the width of the drawing, which may be less than that of its place
    const seen = Math.round(find()?.querySelector(".main-svg")?.clientWidth || width);
    if (seen) { model.set("width", seen); model.save_changes(); }  // 0: out of sight
  };
  let seconds = 0;
  const wait = setInterval(() => {
    if (drawn()) {  // perhaps later than its place got a width, and so without it
      window.dispatchEvent(new Event("resize"));
      setTimeout(tell, 500);
      el.textContent = "";
      clearInterval(wait);
      return;
    }
    if (++seconds === 6) { el.setAttribute("role", "status"); el.textContent = EMPTY; }
  }, 1000);
  return () => { watch.disconnect(); clearInterval(wait); };
}
export default { render };
"""


SAVED = "Run this cell to see the demo."  # what a saved notebook says where it is opened again


def stage(controls: Sequence, figure: go.FigureWidget):
    """Controls above a figure that is as wide as its place on screen and follows it when that changes."""
    import anywidget
    import ipywidgets
    import traitlets

    class Fit(anywidget.AnyWidget):
        _esm = FIT
        width = traitlets.Int(0).tag(sync=True)

        @traitlets.observe("width")
        def _follow(self, change):
            titles.say(figure, room=change["new"] - 2 * titles.BESIDE)

    class Demo(ipywidgets.VBox):
        def __repr__(self) -> str:
            return SAVED

    figure.layout.autosize = True
    titles.follow(figure)
    # plotly has no public way to configure a widget.
    figure._config = {"responsive": True, "displayModeBar": False}
    return Demo([*controls, figure, Fit()])
