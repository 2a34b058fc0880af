"""Which course this is: its version, and a digest of the code that is really here."""

import hashlib
from functools import cache

from course_lib import __version__
from course_lib.paths import ROOT
from course_lib.seal import unsealed

PARTS = ("course_lib", "kernels")
SUFFIXES = {".py", ".cu", ".h", ".cpp", ".json"}


@cache
def version() -> str:
    """The version and twelve digits of a SHA-256 of what notebooks call, such as `0.2.0+1c9e53a07d4b`.

    A clone, a student edition and an archive with the same files in course_lib/ and kernels/ have the same
    version, on every system, with or without Git, sealed or not; a line that was changed gives another.
    Notebooks do not count: their released versions and their sources differ, and a submission names its own
    SHA-256.
    """
    digest = hashlib.sha256()
    for path in sorted(path for part in PARTS for path in (ROOT / part).rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            # Git on Windows may end lines otherwise.
            data = _as_written(path.read_bytes().replace(b"\r\n", b"\n"))
            digest.update(f"{path.relative_to(ROOT).as_posix()} {len(data)}\n".encode() + data)
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _as_written(data: bytes) -> bytes:
    try:
        return unsealed(data.decode("utf-8")).encode("utf-8")
    except ValueError:  # no text, or a seal that was changed: another course in any case
        return data
