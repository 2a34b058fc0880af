"""The folder in which compiled kernels are kept, and whether what lies there is all there."""

import atexit
import os
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path


def cache_folder() -> Path:
    """Where compiled kernels are kept: under COURSE_CACHE or in the user's cache folder, which is there then.

    Where that cannot be written, they are kept in a temporary folder until this process ends.
    """
    if chosen := os.environ.get("COURSE_CACHE"):
        folder = Path(chosen) / "cuda"
    else:
        import platformdirs

        folder = platformdirs.user_cache_path("course_lib") / "cuda"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary_folder()
    return folder if os.access(folder, os.W_OK | os.X_OK) else _temporary_folder()


@cache
def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="course_cuda_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def is_whole(path: Path) -> bool:
    """Whether a compiled file is there to its end: a crash or a full disk may have emptied it or cut it off.

    Of ELF (Linux) the section table, which stands last, is looked for; elsewhere a file must not be empty.
    """
    try:
        with path.open("rb") as file:
            header, size = file.read(64), os.fstat(file.fileno()).st_size
    except OSError:
        return False
    if not header.startswith(b"\x7fELF"):
        return size > 0
    if len(header) < 64:
        return False
    (table,), (each, count) = struct.unpack_from("<Q", header, 0x28), struct.unpack_from("<HH", header, 0x3A)
    return size >= table + each * count
