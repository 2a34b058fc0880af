"""The pictures of question 5, each drawn from numbers the student's own functions computed."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib.demos import look
from course_lib.demos.overfitting.wall import names_in_corner

Lines = Mapping[str, np.ndarray]


def shifts(image: np.ndarray, moved: np.ndarray) -> go.Figure:
    """An image (rows, columns) and beside it what augmentation made of it, moved (n, rows, columns)."""
    gap = np.full((len(image), 3), np.nan)
    strip = np.hstack([part for picture in (image, *moved) for part in (picture, gap)][:-1])
    drawing = go.Figure(
        go.Heatmap(z=strip, colorscale=[[0, "white"], [1, look.TEXT]], showscale=False, hoverinfo="skip")
    )
    width = image.shape[1] + 3
    for i in range(len(moved) + 1):
        drawing.add_shape(
            type="rect", x0=i * width - 0.5, x1=(i + 1) * width - 3.5, y0=-0.5, y1=len(image) - 0.5,
            line={"color": look.ORANGE if i == 0 else look.GRAY, "width": 3 if i == 0 else 1},
        )  # fmt: skip
    distinct = len({picture.tobytes() for picture in np.ascontiguousarray(moved)})
    look.finish(
        drawing,
        f"One image became {distinct} different ones in {len(moved)} draws",
        "Outlined in orange: the image itself",
    )
    middles = np.arange(len(moved) + 1) * width + (image.shape[1] - 1) / 2
    names = ["image", *map(str, range(1, len(moved) + 1))]
    drawing.update_xaxes(title_text="draw", tickvals=middles, ticktext=names, showgrid=False, showline=False)
    drawing.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    drawing.update_layout(height=260)
    return drawing


def stopping(history: Sequence[float], best: int, stopped: int) -> go.Figure:
    """Validation accuracies (epochs,), the epoch that is kept, and the one after which training stops."""
    percent = 100 * np.asarray(history)
    epochs = np.arange(len(percent))
    drawing = go.Figure()
    drawing.add_scatter(
        x=epochs, y=percent, mode="lines+markers", line={"color": look.GRAY, "width": 2, "dash": "dot"}
    )
    drawing.add_scatter(
        x=epochs[: stopped + 1], y=percent[: stopped + 1], mode="lines+markers",
        line={"color": look.GREEN, "width": 3},
    )  # fmt: skip
    drawing.add_scatter(x=[best], y=[percent[best]], mode="markers", marker={"size": 15, "color": look.GREEN})
    drawing.add_vline(x=stopped, line_color=look.TEXT, line_width=1.5)
    for x, text, color, side in (
        (best, f"kept: epoch {best}", look.GREEN, "center"),
        (stopped, f"stopped after epoch {stopped}", look.TEXT, "left"),
    ):
        drawing.add_annotation(
            x=x, y=percent[best], text=text, font_color=color, showarrow=False, xanchor=side, yshift=20,
            xshift=8 if side == "left" else 0,
        )  # fmt: skip
    look.finish(
        drawing,
        f"Epoch {best} is kept, {percent[best] - percent[-1]:.0f} points above the last one",
        "Dotted: what would have come after the stop",
    )
    drawing.update_layout(height=340)
    drawing.update_xaxes(title_text="epoch", dtick=1)
    drawing.update_yaxes(title_text="validation accuracy (%)")
    return drawing


def accuracy_against_width(widths: Mapping[str, Sequence[int]], accuracy: Mapping[str, Lines]) -> go.Figure:
    """Accuracy in percent against width, a panel for each kind of labels, every run a dot.

    widths: by panel; accuracy: by panel and line, (widths, seeds). The last line is that of new images; the
    title says what the widest network gains or loses on it against the best narrower one.
    """
    panels = list(accuracy)
    drawing = make_subplots(cols=len(panels), horizontal_spacing=0.1, subplot_titles=panels)
    said = []
    for column, panel in enumerate(panels, 1):
        places, lines = np.log2(widths[panel]), accuracy[panel]
        colors = (look.ORANGE, look.BLUE, look.GREEN)[-len(lines) :]
        for color, runs in zip(colors, lines.values(), strict=True):
            drawing.add_scatter(
                x=places, y=runs.mean(axis=1), mode="lines", row=1, col=column,
                line={"color": color, "width": 3, "dash": "dot" if color == look.BLUE else "solid"},
            )  # fmt: skip
            drawing.add_scatter(
                x=np.repeat(places, runs.shape[1]), y=runs.ravel(), mode="markers", opacity=0.6,
                marker={"color": color, "size": 8}, row=1, col=column,
            )  # fmt: skip
        names_in_corner(drawing, dict(zip(lines, colors, strict=True)), column)
        drawing.update_xaxes(
            title_text="width of the first hidden layer", row=1, col=column,
            tickvals=places, ticktext=list(map(str, widths[panel])),
        )  # fmt: skip
        means = runs.mean(axis=1)
        change = means[-1] - means[:-1].max()
        said.append(f"{'+' if change >= 0 else '−'}{abs(change):.1f} points with {panel}")
    look.finish(
        drawing,
        f"Width {max(widths[panels[0]])} on new images: {', '.join(said)}",
        f"Against the best narrower network; each dot is one of {runs.shape[1]} runs, lines are means",
    )
    drawing.update_yaxes(range=[0, 104])
    drawing.update_yaxes(title_text="accuracy (%)", col=1)
    drawing.update_layout(height=470, margin_t=125)
    return drawing


def remedies(at_end: Lines, stopped: Lines) -> go.Figure:
    """Test accuracy in percent (seeds,) by remedy: at the last epoch, and where early stopping ends.

    The first remedy is none at all; the title says what stopping gains there, and which does best without.
    """
    drawing = go.Figure()
    names = list(at_end)
    for kind, color, symbol, lift in (
        (at_end, look.BLUE, "circle", 0.16),
        (stopped, look.GREEN, "diamond", -0.16),
    ):
        for place, name in enumerate(names):
            y, mean = -place + lift, kind[name].mean()
            drawing.add_scatter(
                x=kind[name], y=np.full(len(kind[name]), y), mode="markers",
                marker={"symbol": symbol, "size": 11, "color": color, "opacity": 0.6},
                hovertemplate="%{x:.1f} %<extra></extra>",
            )  # fmt: skip
            drawing.add_scatter(
                x=[mean, mean], y=[y - 0.14, y + 0.14], mode="lines", line={"color": color, "width": 4},
                hoverinfo="skip",
            )  # fmt: skip
            drawing.add_annotation(
                x=1, xref="paper", y=y, xanchor="left", xshift=10, text=f"{mean:.1f} %", font_color=color,
                showarrow=False,
            )  # fmt: skip
    nothing = names[0]
    best = max(names[1:], key=lambda name: at_end[name].mean())
    gain = stopped[nothing].mean() - at_end[nothing].mean()
    look.finish(
        drawing,
        f"Stopping early gains {gain:.1f} points; of the others, “{best}” gains most: "
        f"{at_end[best].mean() - at_end[nothing].mean():.1f}",
        f"<span style='color:{look.BLUE}'>● after the last epoch</span>   "
        f"<span style='color:{look.GREEN}'>◆ stopped early</span>   one mark per run; bars are means",
    )
    drawing.update_xaxes(title_text="accuracy on new images (%)")
    drawing.update_yaxes(
        tickvals=[-place for place in range(len(names))], ticktext=names, range=[0.5 - len(names), 0.5],
        showgrid=False, ticks="",
    )  # fmt: skip
    drawing.update_layout(height=130 + 62 * len(names), margin_r=90, margin_l=200)
    return drawing
