"""A kernel that did not end is waited for once per cell of a notebook, however often the cell launches it."""

from course_lib.cuda.errors import NotEnded

_seen: set[tuple[str, bool]] | None = None  # outside of a notebook nobody says when a cell begins


def begin_cell(*_) -> None:
    """From now on every kernel may take its time again; IPython says so before it runs a cell."""
    global _seen
    _seen = set()


def note(source: str, inspected: bool) -> None:
    """A launch of this source, watched by the inspector or not, did not end."""
    if _seen is not None:
        _seen.add((source, inspected))


def check(source: str, inspected: bool) -> None:
    """Raises NotEnded where a launch would not end, as one before it in this cell.

    Under the inspector a kernel takes longer: a plain launch may end although a watched one did not.
    """
    if _seen and ((source, False) in _seen or (inspected and (source, True) in _seen)):
        raise NotEnded("not run: this kernel did not end before, see the message of its first launch")
