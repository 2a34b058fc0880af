"""Where the course lies on disk, and the one way to write a file that is never half there."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_atomically(path: Path | str, data: bytes | str) -> Path:
    """Write `data` to `path` so that a reader sees the old file or the whole new one, even after a crash.

    Text is encoded as UTF-8; missing parent folders are made. Returns the path. Raises OSError as the
    file system does (disk full, no permission); the old file is then untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = data.encode() if isinstance(data, str) else data
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp gives 0600; a normal file follows the umask, read here without changing it for long.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
