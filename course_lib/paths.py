"""Where the course lies on disk, and the one way to write a file that is never half there."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def is_shared(root: Path = ROOT) -> bool:
    """Whether the course is installed for several accounts: this one may read it, and not write there."""
    return not os.access(root, os.W_OK)


def owner(root: Path = ROOT) -> str:
    """The name of the account that the installation belongs to, and that may mend it."""
    try:
        return root.owner()
    except (OSError, KeyError, NotImplementedError):  # an account without a name here, or Windows
        return "whoever installed it"


def own_folder(root: Path = ROOT) -> Path:
    """Where logs and records of this account go: `.course/` of the course, or the account's state folder."""
    if not is_shared(root):
        return root / ".course"
    import platformdirs

    return platformdirs.user_state_path("course_lib")


def write_atomically(path: Path | str, data: bytes | str, replace: bool = True) -> Path:
    """Write `data` to `path` so that a reader sees the old file or the whole new one, even after a crash.

    Text is encoded as UTF-8; missing parent folders are made. Returns the path. Raises OSError as the
    file system does (disk full, no permission); the old file is then untouched. With `replace=False` a file
    that is there stays, also one that appears meanwhile: FileExistsError.
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
        if replace:
            os.replace(temporary, path)
        else:
            _give_name(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename is None:
            error.filename = str(path)  # a full disk tells what it had no room for
        raise
    return path


def _give_name(temporary: str, path: Path) -> None:
    """Rename a file, but not over another: a second name is refused where there is one, unlike a new name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without second names
        if os.path.lexists(path):
            raise FileExistsError(f"{path} is there already") from None
        os.replace(temporary, path)
    else:
        os.unlink(temporary)
