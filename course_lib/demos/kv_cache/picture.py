"""What question 8's demo draws: what each word of a sentence costs, and what a cache takes up."""

import functools
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course_lib import shapes
from course_lib.demos import look
from course_lib.kv_cache import ContiguousCache, generate, sentences
from course_lib.kv_cache.decoder import decoder_shape
from course_lib.shapes import Shape

PROMPT = "the quick brown fox jumps over the lazy"
WORDS = 24
BEFORE = (0, 100, 1_000, 10_000)  # tokens of a document in front of the prompt
AGAIN, NEW, SAVED = look.ORANGE, look.BLUE, "#D9D9D9"

# name -> shape, bytes of a number, and whether it stands for the model that wrote the words
MODELS = {
    "Llama 2 7B": (shapes.shape("llama2-7b"), 2),
    "Llama 3 8B (8 KV heads for 32)": (shapes.shape("llama3-8b"), 2),
    "GPT-2": (shapes.shape("gpt2"), 2),
    "the tiny decoder that wrote this": (decoder_shape(2, 64, 4, vocabulary=len(sentences.WORDS)), 4),
}


@functools.cache
def words() -> tuple[str, ...]:
    """What a decoder, trained on four sentences in a second, says after the prompt, one token per word."""
    decoder = sentences.trained()
    cache = ContiguousCache(decoder.shape, sentences.CONTEXT)
    return tuple(sentences.text_of(generate(decoder, sentences.tokens_of(PROMPT), WORDS, cache)).split())


def whole_flops(shape: Shape, n: int) -> int:
    """FLOPs of n tokens from nothing and of the logits after the last; each sees itself and those before."""
    head = shape.vocabulary * shape.width
    pairs = n * (n + 1) // 2
    return (
        2 * (shapes.matrix_parameters(shape) - head) * n
        + 2 * head
        + 4 * shape.layers * shape.heads * shape.head_dim * pairs
    )


@dataclass(frozen=True)
class Step:
    """The demo after `word` words (from 1): FLOPs of each, without a cache and with one, and bytes."""

    model: str
    before: int
    word: int
    cached: bool
    without: tuple[int, ...]  # (word,)
    with_cache: tuple[int, ...]  # (word,); the first computes the whole prompt either way
    most: int  # FLOPs of the last word without a cache, the top of the axis
    weight_bytes: float
    cache_bytes: float

    @property
    def tokens(self) -> int:
        """Tokens that the newest word looks at."""
        return self.before + len(PROMPT.split()) + self.word - 1


@functools.lru_cache(maxsize=512)
def measure(model: str, before: int, word: int, cached: bool) -> Step:
    """Count what the words so far cost. FLOPs and bytes follow from the shape; the words are computed."""
    shape, number = MODELS[model]
    first = before + len(PROMPT.split())
    without = tuple(whole_flops(shape, first + i) for i in range(word))
    later = (shapes.forward_flops_per_token(shape, first + i) for i in range(1, word))
    return Step(
        model, before, word, cached, without, (without[0], *later), whole_flops(shape, first + WORDS - 1),
        weight_bytes=number * shapes.parameters(shape),
        # The newest word is not yet computed itself: it has no keys and values.
        cache_bytes=(first + word - 1) * shapes.kv_bytes_per_token(shape, number),
    )  # fmt: skip


def in_flops(count: float) -> str:
    """A count of FLOPs with a prefix: 1.3 GFLOP."""
    return f"{_prefixed(count)}FLOP"


def in_bytes(count: float) -> str:
    """A count of bytes with a prefix: 5.24 GB."""
    return f"{_prefixed(count)}B"


def _prefixed(count: float) -> str:
    """Three digits and a prefix; rounded first, so that 999,600 becomes 1 M and not 1e+03 k."""
    rounded = float(f"{count:.3g}")
    power = min(5, max(0, int(np.log10(max(rounded, 1)) // 3)))
    return f"{rounded / 1000**power:.3g} {('', 'k', 'M', 'G', 'T', 'P')[power]}"


def frame() -> go.Figure:
    """Both panels with their axes, still without numbers."""
    drawing = make_subplots(
        cols=2,
        column_widths=[0.72, 0.28],
        horizontal_spacing=0.13,
        subplot_titles=("Work of each word", "Memory"),
    )
    places = list(range(WORDS))
    for name, color in (("new", NEW), ("again", AGAIN)):
        drawing.add_bar(
            x=places, marker_color=color, marker_line_width=0,
            hovertemplate="%{y:.3s}FLOP " + name + "<extra></extra>",
        )  # fmt: skip
    drawing.add_bar(
        x=["weights", "keys, values"], marker_color=[look.GRAY, look.GREEN], textposition="outside",
        hovertemplate="%{x}: %{text}<extra></extra>", cliponaxis=False, row=1, col=2,
    )  # fmt: skip
    drawing.update_xaxes(
        title_text=f"word after “{PROMPT}”", tickvals=places, tickangle=-60, range=[-0.6, WORDS - 0.4], col=1
    )
    drawing.update_yaxes(title_text="FLOPs of the word", tickformat="~s", rangemode="tozero", col=1)
    drawing.update_xaxes(title_text="held between words", col=2)
    drawing.update_yaxes(title_text="bytes", tickformat="~s", rangemode="tozero", col=2)
    # The first two annotations are the panels' titles; these name the colors of the bars.
    for text, color, height in (("computed for the first time", NEW, 0.97), ("", AGAIN, 0.9)):
        drawing.add_annotation(
            x=0.01, xref="x domain", y=height, yref="y domain", xanchor="left", showarrow=False, text=text,
            font_color=color,
        )  # fmt: skip
    look.finish(drawing, "")
    drawing.update_layout(height=540, barmode="stack", margin={"t": 120, "b": 120, "l": 90})
    # Margins that follow the labels would be worked out again with each word.
    drawing.update_xaxes(automargin=False)
    drawing.update_yaxes(automargin=False)
    return drawing


def contents(step: Step) -> dict:
    """What of the frame depends on the step, as `look.paint` takes it; the title says what came out."""
    said = words()
    rest = [a - b for a, b in zip(step.without, step.with_cache, strict=True)]
    pad = [None] * (WORDS - step.word)
    word, again = said[step.word - 1], step.tokens - 1
    if step.word == 1:
        finding = f"“{word}”, the first word: {step.tokens:,} tokens are computed, cache or not"
    elif step.cached:
        finding = f"“{word}”: 1 token is computed; the keys and values of {again:,} are read"
    else:
        finding = f"“{word}”: {step.tokens:,} tokens are computed, {again:,} of them again"
    total, kept = sum(step.without), sum(step.with_cache)
    if step.cached:
        detail = f"{in_flops(kept)} so far; without a cache {total / kept:.1f} times as many"
    else:
        detail = f"{in_flops(total)} so far; with a cache {in_flops(kept)}"
    share = step.cache_bytes / step.weight_bytes
    detail += f". The cache takes {share:.{0 if share >= 0.1 else 2}%} of the weights' memory."
    held = step.cache_bytes if step.cached else 0
    ghost = {"marker.color": SAVED if step.cached else AGAIN}
    return {
        "traces": [
            {"y": [*step.with_cache, *pad]},
            {"y": [*rest, *pad], **ghost},
            {
                "y": [step.weight_bytes, held],
                "text": [in_bytes(step.weight_bytes), in_bytes(held) if held else "none"],
            },
        ],
        "finding": finding,
        "detail": detail,
        "annotations": {
            -1: {
                "text": ("saved by the cache" if step.cached else "computed again") if step.word > 1 else "",
                "font.color": "#6E6E6E" if step.cached else AGAIN,
            }
        },
    }


def axes(step: Step) -> dict:
    """The words below the bars, and how far the axes reach, which only the settings change."""
    return {
        "xaxis.ticktext": (*words()[: step.word], *[""] * (WORDS - step.word)),
        "yaxis.range": (0, 1.3 * step.most),
        "yaxis2.range": (0, 1.2 * max(step.weight_bytes, step.cache_bytes)),
    }


def figure(step: Step) -> go.Figure:
    """Bars of work, word by word, beside bars of memory."""
    drawing = look.paint(frame(), **contents(step))
    return drawing.update_layout(axes(step))
