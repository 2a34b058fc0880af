"""What one step of an engine takes: a line in what the step does, from a data sheet or fitted to a log."""

import math
from dataclasses import astuple, dataclass, fields

import numpy as np

from course_lib.arguments import FINITE, NOT_NEGATIVE, POSITIVE, TEXT, instance, real, takes
from course_lib.hardware import GPU
from course_lib.shapes import Shape, kv_bytes_per_token, matrix_parameters

# Times are whole multiples of this many seconds (15 ps). Sums of them below 2^17 s are exact in float64, so a
# jump over many steps ends at the same bits as the steps one by one.
TICK = 2.0**-36


@takes(seconds=FINITE)
def whole_ticks(seconds: float) -> float:
    """The nearest time that is a whole number of ticks. Raises ValueError for one that is not finite."""
    return round(seconds / TICK) * TICK


@dataclass(frozen=True)
class StepCost:
    """Seconds of one step: s0 + s1·decoding + s2·KV tokens + p0·[any prefill] + p1·prefill tokens.

    decoding: sequences that get a token; KV tokens: what these read, input and generated so far. Raises
    ValueError for a negative or infinite coefficient, and when a step would take no time.
    """

    s0: float
    s1: float = 0.0
    s2: float = 0.0
    p0: float = 0.0
    p1: float = 0.0

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if not 0 <= real(f.name, value) < math.inf:
                raise ValueError(f"{f.name} must be at least 0 and finite, not {value}")
        if not self.s0 + self.s1 + self.s2 > 0:
            raise ValueError("a step must take time: s0, s1 and s2 are all 0")

    @classmethod
    @takes(precision=TEXT, number=POSITIVE)
    def from_datasheet(cls, shape: Shape, gpu: GPU, number: float = 2, precision: str = "fp16") -> "StepCost":
        """By the roofline's two lines, added up: weights and KV cross the memory, every token is computed.

        `number` is bytes of a weight and of a KV number. A step that overlaps both would take the longer
        instead of their sum, so this is at most twice as slow as the roofline says. Of a prompt only the last
        token goes through the output head, as in `prefill_work`: once per step, in p0. All experts are read,
        and those that a token uses computed. Raises ValueError for a rate that no maker states, a model with
        an encoder, and bytes that are not above 0.
        """
        instance("shape", shape, Shape)
        instance("gpu", gpu, GPU)
        rate, head = gpu.rate(precision), shape.vocabulary * shape.width
        used = matrix_parameters(shape, shape.experts_per_token)
        read = kv_bytes_per_token(shape, number) / gpu.memory_bandwidth
        weights = matrix_parameters(shape) * number / gpu.memory_bandwidth
        return cls(weights, 2 * used / rate, read, 2 * head / rate, 2 * (used - head) / rate)

    @takes(decoding=NOT_NEGATIVE, kv_tokens=NOT_NEGATIVE, prefill_tokens=NOT_NEGATIVE)
    def seconds(self, decoding: int, kv_tokens: int, prefill_tokens: int = 0) -> float:
        """One step. Raises ValueError for negative and infinite numbers."""
        step = self.s0 + self.s1 * decoding + self.s2 * kv_tokens
        return step + self.p0 + self.p1 * prefill_tokens if prefill_tokens else step

    def in_ticks(self) -> "StepCost":
        """Every coefficient rounded to a whole number of ticks; one that would vanish stays one tick."""
        return StepCost(*(max(TICK, whole_ticks(value)) if value else 0.0 for value in astuple(self)))

    @classmethod
    def fit(cls, features: np.ndarray, seconds: np.ndarray) -> "StepCost":
        """The coefficients, none negative, that fit best: least squares relative to the fitted times.

        features (n, 5): what multiplies s0, s1, s2, p0 and p1 in each measurement, a step or the sum of many
        (live.Served.features, replay.Replay.features); the first is its number of steps, and it counts as
        that many. seconds (n,), measured. Lawson and Hanson 1974, repeated: relative to the measured times
        alone, slow measurements would count too little, and the whole come out too fast. Raises ValueError
        for fewer than five measurements, and for what is not finite, negative or takes no time.
        """
        from scipy.optimize import nnls

        try:
            features, seconds = np.asarray(features, float), np.asarray(seconds, float)
        except (TypeError, ValueError):
            raise TypeError("features and seconds must hold numbers, (n, 5) and (n,)") from None
        if seconds.ndim != 1 or features.ndim != 2:
            raise ValueError(
                f"features must have shape (n, 5) and seconds (n,), not {features.shape} and {seconds.shape}"
            )
        if features.shape != (len(seconds), 5) or len(seconds) < 5:
            raise ValueError(f"features must have shape (n, 5) with n of at least 5, not {features.shape}")
        if (
            not (np.isfinite(features) & (features >= 0)).all()
            or not (np.isfinite(seconds) & (seconds > 0)).all()
        ):
            raise ValueError("features must be finite and at least 0, and seconds finite and greater than 0")
        # The noise of a sum of steps, relative to it, falls with the root of their number.
        weight, expected = np.sqrt(features[:, 0]), seconds
        for _ in range(4):
            rows = features * (weight / expected)[:, None]
            scale = np.maximum(np.abs(rows).max(0), np.finfo(float).tiny)
            found = nnls(rows / scale, weight * seconds / expected)[0] / scale
            expected = np.maximum(features @ found, seconds / 10)  # a time of 0 would weigh infinitely
        return cls(*map(float, found))
