"""What question 2's demo draws: what a coarse grid does to weights and to accuracy."""

import functools
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import datasets, quantization, training
from course_lib.demos import look

FACTORS = (1, 3, 10, 30, 100, 300, 1000)
EDGES = np.linspace(
    -0.32, 0.32, 129
)  # of the histogram; holds all weights of the trained network but the scaled unit's


@dataclass(frozen=True)
class Measured:
    """What one setting of the demo does to the first layer's weights and to the whole network."""

    bits: int
    granularity: str
    factor: float
    unit: int  # the one whose weights were multiplied by `factor`
    before: np.ndarray  # counts in EDGES of the weights of all other units
    after: np.ndarray
    error: (
        np.ndarray
    )  # (units, 28): rms error over an image row's weights, in shares of the unit's rms weight
    other_units_db: float  # SQNR of all units but the scaled one
    accuracy: float
    float_accuracy: float
    nbytes: int
    float_nbytes: int


@functools.cache
@training.one_thread()
def trained_network():
    """A 784-128-64-10 network trained on the digits in a second or two; test images, labels, accuracy."""
    data = datasets.digits()
    model = training.mlp([784, 128, 64, 10])
    training.train(model, data.x_train, data.y_train, epochs=30, batch_size=64, lr=1e-3, progress=False)
    return model, data.x_test, data.y_test, training.accuracy(model, data.x_test, data.y_test)


@functools.cache
def scaled_network(factor: float):
    """The same function with one unit scaled; first-layer weights, that unit, histogram of the others."""
    model = trained_network()[0]
    scaled = quantization.rescale_unit(model, factor)
    weights = scaled[0].weight.detach().numpy()
    unit = int(model[0].weight.abs().amax(dim=1).argmax())  # the one that rescale_unit takes by itself
    return scaled, weights, unit, np.histogram(np.delete(weights, unit, axis=0), EDGES)[0]


@functools.lru_cache(maxsize=256)
@training.one_thread()
def measure(bits: int, granularity: str, factor: float) -> Measured:
    """Quantize the trained network (affine grids, 16-bit scales) after one unit was scaled by `factor`."""
    _, x, y, float_accuracy = trained_network()
    scaled, weights, unit, before = scaled_network(factor)
    quantized = quantization.quantize_network(scaled, bits, granularity, symmetric=False)
    layers = [layer for layer in quantized if isinstance(layer, quantization.QuantizedLinear)]
    back = layers[0].quantized.dequantize()
    others = np.arange(len(weights)) != unit
    error = np.sqrt(((back - weights) ** 2).reshape(len(weights), 28, 28).mean(axis=2))
    return Measured(
        bits=bits,
        granularity=granularity,
        factor=factor,
        unit=unit,
        before=before,
        after=np.histogram(back[others], EDGES)[0],
        error=(error / np.sqrt((weights**2).mean(axis=1, keepdims=True))).astype(np.float32),
        other_units_db=float(quantization.signal_to_noise(weights[others], back[others])),
        accuracy=training.accuracy(quantized, x, y),
        float_accuracy=float_accuracy,
        nbytes=sum(layer.quantized.nbytes() for layer in layers),
        float_nbytes=4 * sum(layer.quantized.codes.size for layer in layers),
    )


def frame() -> go.Figure:
    """Both panels with their axes and labels, still without numbers."""
    drawing = make_subplots(
        cols=2,
        column_widths=[0.54, 0.46],
        horizontal_spacing=0.12,
        subplot_titles=("Weights of the other units", "Error, unit by unit"),
    )
    middles = (EDGES[:-1] + EDGES[1:]) / 2
    drawing.add_bar(
        x=middles, marker_color="#C4C4C4", marker_line_width=0, width=EDGES[1] - EDGES[0],
        hovertemplate="%{x:.3f}: %{y:.0f} weights before<extra></extra>",
    )  # fmt: skip
    drawing.add_scatter(
        x=middles, mode="lines", line={"shape": "hvh", "color": look.ORANGE, "width": 2.5},
        hovertemplate="%{x:.3f}: %{y:.0f} weights after<extra></extra>",
    )  # fmt: skip
    drawing.add_heatmap(
        row=1, col=2, colorscale=look.HEAT, zmin=-3, zmax=0,
        colorbar={
            **look.PERCENT_BAR, "x": 1.1, "title.text": "share of the<br>unit's typical<br>weight (rms)"
        },
        hovertemplate="unit %{y}, image row %{x}: 10^%{z:.1f}<extra></extra>",
    )  # fmt: skip
    drawing.update_xaxes(title_text="weight (no unit)", range=[EDGES[0], EDGES[-1]], col=1)
    drawing.update_yaxes(title_text="weights in a bin", type="log", range=[-0.1, 5.1], dtick=1, col=1)
    drawing.update_xaxes(title_text="image row", showgrid=False, range=[-0.5, 27.5], col=2)
    drawing.update_yaxes(title_text="hidden unit", autorange="reversed", showgrid=False, col=2)
    for text, color, height in (("before", "#6E6E6E", 4.85), ("after", look.ORANGE, 4.45)):
        drawing.add_annotation(x=0.3, y=height, xanchor="right", text=text, font_color=color, showarrow=False)
    # The last annotation points at the scaled unit; contents() sets its text and height.
    drawing.add_annotation(x=1, xref="x2 domain", y=0, yref="y2", xanchor="left", showarrow=False, text="")
    look.finish(drawing, "")
    drawing.update_layout(height=520, bargap=0)
    return drawing


def contents(m: Measured) -> dict:
    """What of the frame depends on the numbers, as `look.paint` takes it; the title says what came out."""
    lost = m.float_accuracy - m.accuracy
    scaled = f" after one unit × {m.factor:g}" if m.factor != 1 else ""
    result = (
        f"{m.accuracy:.0%} accuracy"
        if lost < 0.01
        else f"accuracy falls from {m.float_accuracy:.0%} to {m.accuracy:.0%}"
    )
    return {
        # On a logarithmic axis an empty bin belongs below the bottom, not nowhere.
        "traces": [
            {"y": np.maximum(m.before, 0.1).astype(np.float32)},
            {"y": np.maximum(m.after, 0.1).astype(np.float32)},
            {"z": np.log10(np.clip(m.error, 1e-3, 1))},
        ],
        "finding": f"{m.bits} bits, one scale per {m.granularity}{scaled}: {result}",
        "detail": f"All units but the largest: SQNR {m.other_units_db:.1f} dB. "
        f"Weights: {m.nbytes / 1e3:.0f} kB instead of {m.float_nbytes / 1e3:.0f} kB.",
        "annotations": {-1: {"text": f"◂ ×{m.factor:g}" if m.factor != 1 else "", "y": m.unit}},
    }


def figure(measured: Measured) -> go.Figure:
    """Histogram of the weights before and after, and a map of the error unit by unit."""
    return look.paint(frame(), **contents(measured))
