"""How long a piece of work takes: by processor time, or at a machine's usual pace."""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

from course_lib.kv_cache import ContiguousCache, Decoder, step
from course_lib.training import one_thread

T = TypeVar("T")
Stopwatch = Callable[[Callable[[], T]], tuple[T, float]]


def processor_time(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and the seconds that this thread computed; what else runs does not count."""
    began = time.thread_time()
    result = work()
    return result, time.thread_time() - began


class UsualPace:
    """Processor time as it would be, did the machine keep the pace it had when this was made.

    Where others share the hardware below the operating system (virtual machines, a core's second thread, a
    changing clock frequency), the same step takes a fifth more or less for seconds on end, and processor
    time does not know. So a reference step of `sequences` sequences is computed after each piece of work,
    and the work's time divided by the mean of the reference's just before and after it, in units of its
    usual time.
    """

    def __init__(self, decoder: Decoder, sequences: int = 4, tokens: int = 64):
        self.decoder, self.tokens = decoder, tokens
        self.caches = [ContiguousCache(decoder.shape, tokens, dtype=decoder.dtype) for _ in range(sequences)]
        with one_thread():
            step(decoder, [[1] * (tokens - 1)] * sequences, self.caches)
            self.usual = statistics.median(self._reference() for _ in range(100))
            self.latest = self._reference()

    def __call__(self, work: Callable[[], T]) -> tuple[T, float]:
        before = self.latest
        result, seconds = processor_time(work)
        self.latest = self._reference()
        return result, seconds * 2 * self.usual / (before + self.latest)

    def _reference(self) -> float:
        """Seconds of the reference step now."""
        for cache in self.caches:
            cache.length = self.tokens - 1
        one = [[1]] * len(self.caches)
        return processor_time(lambda: step(self.decoder, one, self.caches).argmax(-1).tolist())[1]
