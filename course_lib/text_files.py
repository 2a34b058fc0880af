"""A user's text files: read and decoded, or one line that says which one cannot be."""

from pathlib import Path

from course_lib.errors import UserError


def read(path: Path) -> bytes:
    """The file's bytes. Raises UserError in one line where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None


def decoded(name: str, data: bytes) -> str:
    """UTF-8 as text, a mark at its beginning left out. Raises UserError with the line that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{name}, line {line}: this is not text in UTF-8") from None
