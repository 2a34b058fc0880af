"""Opens what students handed in, by descriptors from a folder down: no link is followed on the way."""

import contextlib
import os
import stat
from pathlib import Path

MAX_SMALL = 64 << 10  # bytes of a receipt or a timestamp


class NotReadable(Exception):
    """There is no such file to read; the message is one line."""


def read_below(folder: Path, *parts: str, most: int = MAX_SMALL) -> bytes:
    """The bytes of the file `parts` below `folder`, which itself may be reached in any way.

    Raises NotReadable where a part is a link, for whatever is no regular file (a pipe or a device holds up
    nobody), and for more than `most` bytes.
    """
    name = parts[-1]
    with contextlib.ExitStack() as opened:
        here = _opened(folder, None, name, os.O_DIRECTORY, opened)
        for part in parts[:-1]:
            here = _opened(part, here, part, os.O_DIRECTORY | os.O_NOFOLLOW, opened)
        file = _opened(name, here, name, os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, opened)
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise NotReadable(f"{name}: no file")
        if found.st_size > most:
            raise NotReadable(f"{name}: {found.st_size >> 20} MB; at most {most >> 20} MB are read")
        try:
            with open(file, "rb", closefd=False) as stream:
                return stream.read(most + 1)
        except OSError as error:
            raise NotReadable(f"{name}: {error.strerror}") from None


def _opened(path: Path | str, beside: int | None, name: str, how: int, opened: contextlib.ExitStack) -> int:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | how, dir_fd=beside)
    except (OSError, ValueError) as error:
        raise NotReadable(f"{name}: {_why(path, beside, error)}") from None
    opened.callback(os.close, file)
    return file


def _why(path: Path | str, beside: int | None, error: Exception) -> str:
    with contextlib.suppress(OSError, ValueError):
        if stat.S_ISLNK(os.stat(path, dir_fd=beside, follow_symlinks=False).st_mode):
            return "a link is not followed"
    return getattr(error, "strerror", None) or str(error)
