"""A kernel that did not end is waited for once per cell of a notebook, however often the cell launches it."""

from course_lib.cuda.errors import NotEnded

# (source, kernel, watched by the inspector) -> what was said of it; None outside of a cell
_told: dict[tuple[str, str, bool], str] | None = None


def begin_cell(*_) -> None:
    """From now on every kernel may take its time again; IPython says so before it runs a cell."""
    global _told
    _told = {}


def end_cell(*_) -> None:
    """What is launched from now on is of no cell, and waited for each time; IPython says so after a cell."""
    global _told
    _told = None


def note(source: str, kernel: str, inspected: bool, message: str) -> None:
    """A launch of this kernel, watched by the inspector or not, did not end, and this was said of it."""
    if _told is not None:
        _told[source, kernel, inspected] = message


def check(source: str, kernel: str, inspected: bool) -> None:
    """Raises NotEnded where a launch would not end, as one before it in this cell.

    Under the inspector a kernel takes longer: a plain launch may end although a watched one did not.
    """
    for watched in (False, True)[: 1 + inspected]:
        if _told and (source, kernel, watched) in _told:
            raise NotEnded(f"not launched again in this cell: {_told[source, kernel, watched]}")
