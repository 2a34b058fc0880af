"""Whether operations are recorded, so that gradients can flow back through them: a switch for each thread."""

import contextlib
import threading
from collections.abc import Iterator


class _Recording(threading.local):
    on = True


_recording = _Recording()


def is_recording() -> bool:
    """False inside `no_grad`."""
    return _recording.on


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Inside, nothing is recorded, and results need no gradient. Also a decorator: `@no_grad()`."""
    before, _recording.on = _recording.on, False
    try:
        yield
    finally:
        _recording.on = before
