"""The look all figures share: a template for a projector, colors for every eye, labels beside their lines."""

from collections.abc import Sequence

import plotly.graph_objects as go
import plotly.io

from course_lib.demos import titles
from course_lib.demos.live import begin_again

# Okabe and Ito's hues (2008), as dark as text has to be on white; only SKY is lighter, its text is in `ink`.
# With every common color vision any two of them and TEXT are at least 11.5 apart in CIEDE2000.
BLUE, ORANGE, GREEN, PURPLE, SKY, GRAY = "#00509A", "#C94B00", "#008562", "#AF588F", "#56B4E9", "#525252"
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
    # Margins hold the labels; to look for some outside, plotly would measure each again at every step.
    "ticklabeloverflow": "allow",
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


def ink(color: str) -> str:
    """The color of words about what is drawn in `color`: the same, unless that is too light to be read."""
    return "#1F78AD" if color == SKY else color


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
    for (x, _, text, color), y in zip(ends, spread([end[1] for end in ends], gap), strict=True):
        figure.add_annotation(
            x=x, y=y, text=text, font_color=ink(color), showarrow=False, xanchor="left", xshift=8, **where
        )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Heights at least `gap` apart, in the order given: those too close stand around their common middle."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[int]] = []  # runs of labels that touch, each spread around its own mean

    def span(group):
        middle = sum(heights[i] for i in group) / len(group)
        return middle - gap * (len(group) - 1) / 2, middle + gap * (len(group) - 1) / 2

    for i in order:
        groups.append([i])
        while len(groups) > 1 and span(groups[-2])[1] + gap > span(groups[-1])[0]:
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = {i: span(group)[0] + gap * place for group in groups for place, i in enumerate(group)}
    return [placed[i] for i in range(len(heights))]


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
# it to begin: it then stays empty, without a word, until it is begun again. Neither plotly nor ipywidgets
# tells a screen reader what a figure shows and what a control is for, so that is said here, too.
FIT = """
const EMPTY = "The figure has not started yet. If it stays empty, run this cell or load the page again.";
const PATIENCE = 4;  // seconds for a figure to begin, and twice as many each time it is begun again
const RESTS = 700;  // milliseconds that a title stands before it is read out: longer than a player's step
const BUTTONS = { "fa-play": "Play", "fa-pause": "Pause", "fa-stop": "Stop", "fa-retweet": "Repeat" };

function render({ model, el }) {
  const demo = () => el.closest(".widget-vbox");
  const find = () => demo()?.querySelector(".js-plotly-plot");
  const place = () => find()?.closest(".course-figure");
  const title = () => {
    const whole = find()?.data?.length && find().querySelector(".gtitle");
    const lines = [...(whole || el).querySelectorAll(".line")];
    const below = lines.findIndex(line => line.querySelector("[style*=font-size]"));  // after a pause
    const texts = lines.map((line, place) => line.textContent + (place === below - 1 ? "." : ""));
    return texts.join(" ") || whole?.textContent;
  };
  const status = document.createElement("div");
  status.setAttribute("role", "status");
  el.replaceChildren(status);

  let width = 0;
  const watch = new ResizeObserver(([entry]) => {
    nameControls(demo(), el, names);
    if (entry.contentRect.width === width) return;
    width = entry.contentRect.width;
    window.dispatchEvent(new Event("resize"));
    setTimeout(tell, 500);
  });
  const names = new MutationObserver(() => nameControls(demo(), el, names));
  watch.observe(el);
  const tell = () => {  // the width in which the drawing is seen; 0: out of sight
    if (!el.isConnected) return;  // the demo has been closed
    const drawing = find()?.querySelector(".main-svg")?.clientWidth || width;
    const seen = Math.round(Math.min(drawing, place()?.clientWidth || drawing));
    if (seen) { model.set("width", seen); model.save_changes(); }
    // What is wider than its place is scrolled by keys, too.
    if (place()?.scrollWidth > place()?.clientWidth) place().tabIndex = 0;
    else place()?.removeAttribute("tabindex");
  };

  let said, rests;
  const drawn = () => {
    const text = title();
    if (!text || text === said) return;
    find().setAttribute("role", "img");
    find().setAttribute("aria-label", text);
    const read = () => { status.className = "course-heard"; status.textContent = text; };
    clearTimeout(rests);
    if (said) rests = setTimeout(read, RESTS);
    said = text;
  };
  let seconds = 0, patience = PATIENCE, waited = 0, begun;
  const wait = setInterval(() => {
    if (title()) {  // perhaps later than its place got a width, and so without it
      status.textContent = "";
      drawn();
      find().on?.("plotly_afterplot", drawn);
      window.dispatchEvent(new Event("resize"));
      setTimeout(tell, 500);
      clearInterval(wait);
      return;
    }
    if (++seconds === 6) status.textContent = EMPTY;
    const beginning = place()?.firstElementChild;
    waited = beginning === begun ? waited + 1 : 0;
    begun = beginning;
    if (!begun || waited < patience) return;
    waited = -Infinity;  // once for each beginning: a busy kernel answers late
    patience *= 2;
    model.set("missed", model.get("missed") + 1);
    model.save_changes();
  }, 1000);
  return () => { watch.disconnect(); names.disconnect(); clearInterval(wait); clearTimeout(rests); };
}

// Gives each control the name that stands beside it, and keeps names and values true while they change.
function nameControls(demo, own, observer) {
  if (!demo) return;
  observer.observe(demo, { childList: true });
  for (const part of demo.children) {
    if (part === own || part.matches(".course-figure")) continue;
    const changes = { childList: true, characterData: true, attributes: true, attributeFilter: ["class"] };
    observer.observe(part, { subtree: true, ...changes });
  }
  const set = (part, values) => {
    for (const [name, value] of Object.entries(values)) {
      if (part.getAttribute(name) !== `${value}`) part.setAttribute(name, value);
    }
  };
  const named = part => part?.querySelector(".widget-label")?.textContent.trim() ?? "";
  for (const slider of demo.querySelectorAll(".widget-slider")) {
    const readout = slider.querySelector(".widget-readout");
    for (const handle of slider.querySelectorAll(".noUi-handle")) {
      set(handle, { "aria-label": named(slider), "aria-valuetext": readout?.textContent.trim() ?? "" });
    }
    if (readout?.isContentEditable) {
      set(readout, { role: "textbox", "aria-label": `${named(slider)}, as a number` });
    }
  }
  for (const list of demo.querySelectorAll("select")) {  // JupyterLab would take its arrow keys
    set(list, { "data-lm-suppress-shortcuts": "true" });
  }
  for (const button of demo.querySelectorAll(".widget-play button")) {
    const icon = Object.keys(BUTTONS).find(name => button.querySelector(`.${name}`));
    const moves = named(button.closest(".widget-hbox")?.querySelector(".widget-slider"));
    set(button, { "aria-label": [BUTTONS[icon], moves].filter(Boolean).join(": "), title: BUTTONS[icon] });
    if (icon === "fa-retweet") set(button, { "aria-pressed": button.matches(".mod-active") });
  }
  for (const group of demo.querySelectorAll(".widget-toggle-buttons")) {
    set(group, { role: "group", "aria-label": named(group) });
    for (const button of group.querySelectorAll("button")) {
      set(button, { "aria-pressed": button.matches(".mod-active") });
    }
  }
}
export default { render };
"""
# Pixels; with fewer, panels beside each other would overlap. In less room a figure is scrolled sideways.
NARROWEST = 800
# A ring around what has the keyboard, on white and on black; and no control is wider than the page.
_CSS = f"""
.course-demo, .course-demo .widget-box {{ overflow: visible; max-width: 100%; }}
.course-demo .widget-hbox {{ flex-wrap: wrap; }}
.course-demo .widget-inline-hbox {{ max-width: calc(100% - 4px); overflow: visible; }}
.course-demo .widget-readout {{ flex: 0 0 auto; max-width: none; }}
.course-demo .course-figure {{ overflow: auto hidden; width: 100%; }}
.course-demo .course-figure > * {{ flex: 1 1 0; min-width: {NARROWEST}px; }}
.course-demo :is(.noUi-handle, button, select, input, .widget-readout):focus-visible {{
  outline: 3px solid {BLUE} !important; outline-offset: 2px; box-shadow: 0 0 0 6px white; z-index: 1;
}}
.course-demo .course-figure:focus-visible {{ outline: 3px solid {BLUE}; outline-offset: -3px; }}
.course-demo .course-heard {{
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}}
"""
SAVED = "Run this cell to see the demo."  # what a saved notebook says where it is opened again


def stage(controls: Sequence, figure: go.FigureWidget):
    """Controls above a figure that is as wide as its place on screen and follows it when that changes.

    Keyboard and screen reader reach all of it: controls have names, the figure's is its title, which is read
    out when it has changed.
    """
    import anywidget
    import ipywidgets
    import traitlets

    class Fit(anywidget.AnyWidget):
        _esm = FIT
        _css = _CSS
        width = traitlets.Int(0).tag(sync=True)
        missed = traitlets.Int(0).tag(sync=True)  # beginnings of the figure that came to nothing

        @traitlets.observe("width")
        def _follow(self, change):
            titles.say(figure, room=change["new"] - 2 * titles.BESIDE)

        @traitlets.observe("missed")
        def _begin_again(self, _):
            begin_again(figure)
            place.send_state("children")

    class Demo(ipywidgets.VBox):
        def __repr__(self) -> str:
            return SAVED

    figure.layout.autosize = True
    titles.follow(figure)
    # plotly has no public way to configure a widget.
    figure._config = {"responsive": True, "displayModeBar": False}
    place = ipywidgets.Box([figure])
    place.add_class("course-figure")
    demo = Demo([*controls, place, Fit()])
    demo.add_class("course-demo")
    return demo
