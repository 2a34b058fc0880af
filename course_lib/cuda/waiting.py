"""A kernel that did not end is waited for once per cell of a notebook, however often the cell launches it."""

from course_lib.cuda.errors import NotEnded

_told: dict[tuple[str, bool], str] | None = None  # outside of a notebook nobody says when a cell begins


def begin_cell(*_) -> None:
    """From now on every kernel may take its time again; IPython says so before it runs a cell."""
    global _told
    _told = {}


def note(source: str, inspected: bool, message: str) -> None:
    """A launch of this source, watched by the inspector or not, did not end, and this was said of it."""
    if _told is not None:
        _told[source, inspected] = message


def check(source: str, inspected: bool) -> None:
    """Raises NotEnded where a launch would not end, as one before it in this cell.

    Under the inspector a kernel takes longer: a plain launch may end although a watched one did not.
    """
    for watched in (False, True)[: 1 + inspected]:
        if _told and (source, watched) in _told:
            raise NotEnded(f"not launched again in this cell: {_told[source, watched]}")
