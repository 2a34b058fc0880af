"""Can the folders be written that the course needs? A full disk is nobody's wrong solution."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from course_lib.commands import workspace
from course_lib.errors import UserError

ROOM = 1 << 20  # bytes that a folder must take


class Folder(NamedTuple):
    """A folder: what it is for, where it is, why it cannot be written ("" if it can), and what mends that."""

    name: str
    path: Path
    why: str
    mend: str


def folders() -> list[Folder]:
    """Home, cache, temporary folder and workspace, each of them tried."""
    import platformdirs

    cache = os.environ.get("COURSE_CACHE") or platformdirs.user_cache_path("course_lib")
    wanted = {
        "home": (os.path.expanduser("~"), "HOME"),
        "cache": (cache, "COURSE_CACHE"),
        "workspace": (workspace.folder(), "COURSE_WORKSPACE"),
    }
    found = [_tried(name, Path(path), variable) for name, (path, variable) in wanted.items()]
    return [*found, temporary()]


def temporary() -> Folder:
    """The temporary folder; one that TMPDIR names counts even where Python would silently take another."""
    try:
        path = os.environ.get("TMPDIR") or tempfile.gettempdir()
    except OSError as error:  # none of a dozen can be written
        return Folder("temporary", Path(os.sep, "tmp"), error.strerror, _mend("TMPDIR"))
    return _tried("temporary", Path(path), "TMPDIR")


def require_temporary() -> None:
    """Raises UserError where no temporary folder can be written: nothing can be run then."""
    try:
        place = _tried("temporary", Path(tempfile.gettempdir()), "TMPDIR")
    except OSError:
        place = temporary()
    if place.why:
        raise UserError(
            f"No test was judged: the temporary folder {place.path} cannot be written ({place.why}). "
            f"To mend it: {place.mend}"
        )


def _tried(name: str, path: Path, variable: str) -> Folder:
    why = _why_not(path)
    mend = "" if not why else "free some space on that disk" if "space" in why else _mend(variable)
    return Folder(name, path, why, mend)


def _mend(variable: str) -> str:
    return f"export {variable}=FOLDER, with a folder that you can write"


def _why_not(path: Path) -> str:
    """Why nothing can be written in a folder, or in the one where it would be made; "" if it can."""
    try:
        while not os.path.lexists(path) and path != path.parent:
            path = path.parent
        handle, probe = tempfile.mkstemp(prefix=".course_probe_", dir=path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(bytes(ROOM))
                file.flush()
                os.fsync(file.fileno())
        finally:
            os.unlink(probe)
    except OSError as error:
        return error.strerror or str(error)
    return ""
