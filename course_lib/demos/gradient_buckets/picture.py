"""The numbers of lab 5's second demo: gradients of a GPT-2, their buckets, and the time of the step."""

import functools
import math
from dataclasses import dataclass

from course_lib import shapes
from course_lib.distributed import buckets
from course_lib.hardware import GB

MODEL = shapes.shape("gpt2-medium")
NUMBER = 4  # bytes of a gradient in FP32
# Seconds of the backward pass: about what 8,192 tokens take at 116 TFLOP/s.
BACKWARD = 0.1
MB = 1e6
# Most bytes of a bucket; 25 MB is what PyTorch takes (Li et al. 2020, section 3.2.3).
LIMITS = {
    "a tensor each": 1,
    **{f"{size} MB": size * MB for size in (1, 5, 10, 25, 50, 100, 200, 400)},
    "one message": math.inf,
}
# Of a whole all-reduce: GB of gradients in a second, and milliseconds before the first byte.
SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200)
LATENCIES = (0, 0.05, 0.1, 0.2, 0.5, 1, 2)


@dataclass(frozen=True)
class Setting:
    """A name of LIMITS, GB/s and milliseconds of an all-reduce."""

    size: str = "25 MB"
    speed: float = 20
    latency: float = 0.2

    @property
    def link(self) -> dict[str, float]:
        """The link as `step_time` takes it."""
        return {"latency": self.latency / 1e3, "bandwidth": self.speed * GB}


@dataclass(frozen=True)
class Step:
    """Start and end of each message, the end of the step, and the end without overlap, all in seconds."""

    messages: list[tuple[float, float]]
    seconds: float
    without: float

    @property
    def busy(self) -> float:
        """Seconds for which the link carries messages."""
        return sum(arrived - leaves for leaves, arrived in self.messages)

    @property
    def hidden(self) -> float:
        """Those of `busy` within the backward pass; after it the link carries messages until the end."""
        return self.busy - (self.seconds - BACKWARD)


def tensors(shape: shapes.Shape) -> tuple[list[int], list[int]]:
    """Numbers in each parameter tensor of a GPT-2, in forward order, and products a token needs of each.

    Biases and norms take no time. A tied embedding stands first, and its head takes time before all others.
    """
    d, wide = shape.width, shape.feed_forward
    norm = [(d, 0), (d, 0)]
    square = [(d * d, d * d), (d, 0)]
    up, down = ([(d * wide, d * wide), (bias, 0)] for bias in (wide, d))
    block = [*norm, *4 * square, *norm, *up, *down]
    found = [(shape.vocabulary * d, 0), (shape.positions * d, 0), *shape.layers * block, *norm]
    numbers, products = zip(*found, strict=True)
    return list(numbers), list(products)


@functools.cache
def gradients() -> tuple[list[float], list[float]]:
    """When each tensor's gradient is ready, in seconds, and its bytes, in the order of the forward pass."""
    numbers, products = tensors(MODEL)
    head = MODEL.vocabulary * MODEL.width
    whole = head + sum(products)
    ready, done = [], head
    for product in reversed(products):
        done += product
        ready.append(BACKWARD * done / whole)
    return ready[::-1], [float(NUMBER * number) for number in numbers]


@functools.cache
def filled(size: str) -> tuple[list[float], list[float], list[int]]:
    """Of each bucket: when its last gradient is ready, its bytes, and its number of tensors."""
    ready, nbytes = gradients()
    held = buckets.buckets(nbytes, LIMITS[size])
    return (
        [max(ready[number] for number in bucket) for bucket in held],
        [sum(nbytes[number] for number in bucket) for bucket in held],
        [len(bucket) for bucket in held],
    )


def step(setting: Setting) -> Step:
    """A backward pass and its messages; a bucket counts as one tensor, ready when its last gradient is."""
    ready, nbytes, _ = filled(setting.size)
    messages = buckets.departures(ready, nbytes, [[number] for number in range(len(ready))], setting.link)
    return Step(messages, seconds(setting.size, setting.link), seconds("one message", setting.link))


def seconds(size: str, link: dict[str, float]) -> float:
    """Of a step with buckets of that size."""
    ready, nbytes, _ = filled(size)
    return buckets.step_time(ready, nbytes, [[number] for number in range(len(ready))], link)


@functools.cache
def all_sizes(speed: float, latency: float) -> list[float]:
    """Seconds of a step with each of LIMITS."""
    return [seconds(size, Setting(size, speed, latency).link) for size in LIMITS]
