"""A progress bar that leaves one line behind: in a notebook, in a terminal, and silent in a log file."""

import sys
import time

SECONDS = 0.5  # from one drawing to the next


class Progress:
    """Counts `update(n)` up to `total` under a `label`; `close()`, or leaving a `with`, fixes the last state.

    In a notebook one output is redrawn in place, so a saved or converted notebook shows one line, and no
    widget state is needed; in a terminal one line of stdout is rewritten; elsewhere nothing is printed. It
    is redrawn at most twice a second: a browser takes over 10 ms of a processor each time, and what is
    waited for needs it too. It has what pooch asks of a bar: total, update, reset, close.
    """

    def __init__(self, total: int, label: str, *, show: bool = True):
        self.total, self.label, self.note = total, label, ""
        self.done = 0
        self._started = time.perf_counter()
        self._drawn = -1.0
        self._handle = None
        self._display = _display_function() if show else None
        self._terminal = show and self._display is None and sys.stdout.isatty()

    def update(self, n: int = 1, note: str = "") -> None:
        """Count `n` more; `note` (the loss, the mirror) stands behind the bar."""
        self.done = min(self.done + n, self.total) if self.total else self.done + n
        self.note = note or self.note
        if time.perf_counter() - self._drawn > SECONDS:
            self._draw()

    def reset(self) -> None:
        """Begin again at nothing done."""
        self.done = 0

    def close(self) -> None:
        """Draw the last state and end the line."""
        self._draw()
        if self._terminal:
            print(flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _draw(self) -> None:
        self._drawn = time.perf_counter()
        if self._terminal:
            print(f"\r\x1b[2K{self}", end="", flush=True)
        elif self._handle is not None:
            self._handle.update(self)
        elif self._display is not None:
            self._handle = self._display(self, display_id=True)

    def _share(self) -> float:
        return self.done / self.total if self.total else 0.0

    def _tail(self) -> str:
        seconds = time.perf_counter() - self._started
        return f"{self._share():4.0%}  {seconds:.1f} s" + (f"  {self.note}" if self.note else "")

    def __repr__(self) -> str:
        filled = round(24 * self._share())
        return f"{self.label} [{'=' * filled}{' ' * (24 - filled)}] {self._tail()}"

    def _repr_html_(self) -> str:
        from html import escape

        label = escape(self.label)
        bar = f"<progress value='{self.done}' max='{self.total or 1}' aria-label='{label}'></progress>"
        return f"<div>{label} {bar} {escape(self._tail())}</div>"


def _display_function():
    """IPython's display where a kernel is running, else None; never imports IPython for itself."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    return display if hasattr(shell, "kernel") else None
