"""What lies in the folders and zips that a learning platform hands out: every file, each with its owner."""

import contextlib
import os
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from autograder.handed_in import read_below
from autograder.limited import READING, Failed, ask
from autograder.platforms import MOODLE, Person, person_in
from course_lib.commands.submission import NOTEBOOK_LIMIT, RECEIPT, RECEIPT_LIMIT
from course_lib.errors import UserError

DEPTH = 3  # zips in zips
# Of the zip that was given, and of one inside it: its own size, files, and bytes unpacked.
OUTER, INNER = (1 << 30, 5000, 4 << 30), (100 << 20, 100, 100 << 20)
KINDS = {".zip": "zip", ".ipynb": "notebook"}
# What systems leave in folders and zips by themselves.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", ".ipynb_checkpoints"}
EMPTY = "an empty folder: nothing was handed in there"
NO_WORK = (
    "no zip of ./course submit and no notebook (.ipynb); if it is somebody's work, ask for the zip, or mark "
    "it by hand"
)


@dataclass(frozen=True)
class Found:
    """One file: where it lies, how it is called in messages, and who owns it by the platform's names.

    `kind` is submission (a zip with a receipt), notebook, litter, or "" for what cannot be taken, with the
    reason.
    """

    path: Path
    shown: str
    kind: str
    person: Person | None = None
    reason: str = ""


@contextlib.contextmanager
def found_in(paths: list[Path]) -> Iterator[list[Found]]:
    """All files under `paths`, those in zips included; what was unpacked lies there inside of the context.

    Links are named, not followed. Raises UserError when a path does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise UserError(f"There is no file or folder {path}.")
    with tempfile.TemporaryDirectory(prefix="course_collect_") as folder:
        yield [found for path in paths for found in _below(path, _names(path), Path(folder))]


def _names(path: Path) -> tuple[str, ...]:
    """The names that may say whose a path is: a file's folder, and above it only what Moodle alone writes."""
    parts = Path(os.path.abspath(path)).parts
    near = 1 if path.is_dir() else 2
    return *filter(MOODLE.fullmatch, parts[:-near]), *parts[-near:]


def _below(path: Path, parts: tuple[str, ...], folder: Path) -> Iterator[Found]:
    if path.is_dir() and not path.is_symlink():
        yield from _in_folder(path, parts, folder)
    else:
        yield from _file(path, str(path), parts, folder, DEPTH)


def _in_folder(path: Path, parts: tuple[str, ...], folder: Path) -> Iterator[Found]:
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        yield Found(path, str(path), "", reason=f"cannot be opened ({error.strerror})")
        return
    if not names:
        yield Found(path, str(path), "", reason=EMPTY)
    for name in names:
        if is_litter(name):
            yield Found(path / name, str(path / name), "litter")
        else:
            yield from _below(path / name, (*parts, name), folder)


def is_litter(name: str) -> bool:
    """Whether a system has left it there by itself."""
    return name in LITTER or name.startswith("._")


def _file(path: Path, shown: str, parts: tuple[str, ...], folder: Path, depth: int) -> Iterator[Found]:
    """A file, or what is in it; `parts` are the names that may say whose it is, the zips' among them."""
    kind = KINDS.get(Path(parts[-1]).suffix.lower(), "")
    person = person_in(parts)
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield Found(path, shown, "", person, "a link is not followed; give the file itself")
        elif not stat.S_ISREG(mode):
            yield Found(path, shown, "", person, "no file")
        elif kind == "zip":
            yield from _zip(path, shown, parts, folder, depth)
        else:
            yield Found(path, shown, kind, person, "" if kind else NO_WORK)
    except OSError as error:
        yield Found(path, shown, "", person, f"cannot be opened ({error.strerror})")


def _zip(path: Path, shown: str, parts: tuple[str, ...], folder: Path, depth: int) -> Iterator[Found]:
    into = Path(tempfile.mkdtemp(dir=folder))
    try:
        members = _checked(ask(READING, unpack, path, into, *(OUTER if depth == DEPTH else INNER)), into)
    except (Failed, UserError) as error:
        yield Found(path, shown, "", person_in(parts), str(error).rstrip("."))
        return
    if members is None:
        yield Found(path, shown, "submission", person_in(parts))
    elif not members:
        yield Found(path, shown, "", person_in(parts), "an empty zip: nothing was handed in there")
    for name, stored, reason in members or ():
        inside = tuple(part for part in name.split("/") if part)
        if any(map(is_litter, inside)):
            yield Found(path, f"{shown}/{name}", "litter")
        elif reason or not stored:
            yield Found(path, f"{shown}/{name}", "", person_in((*parts, *inside)), reason or NO_WORK)
        elif depth == 1 and stored.endswith(".zip"):
            reason = f"a zip in {DEPTH} others; unpack them, and collect what is in them"
            yield Found(path, f"{shown}/{name}", "", person_in((*parts, *inside)), reason)
        else:
            yield from _file(into / stored, f"{shown}/{name}", (*parts, *inside), folder, depth - 1)


def _checked(members, into: Path) -> list | None:
    """What `unpack` answered. Raises UserError unless it is that."""
    if members is None:
        return None
    names = set(os.listdir(into))
    if type(members) is not list or not all(
        type(each) is list
        and len(each) == 3
        and all(type(text) is str for text in each)
        and (not each[1] or each[1] in names)
        for each in members
    ):
        raise UserError("the process that read it sent something else than its members")
    return members


def unpack(path: Path, into: Path, largest: int, files: int, room: int) -> list | None:
    """In a limited process: write zips and notebooks of a zip into the folder `into`, under names of our own.

    Returns [name in the zip, name in `into` or "", why it is not there] for each member, and None for a zip
    with a receipt, which is a submission itself. Raises UserError, NotReadable: no zip, too large.
    """
    try:
        with zipfile.ZipFile(BytesIO(read_below(path.parent, path.name, most=largest))) as archive:
            members = archive.infolist()
            if any(member.filename == RECEIPT for member in members):
                return None
            if len(members) > files:
                raise UserError(
                    f"it holds {len(members)} files, and at most {files} are unpacked: unpack it yourself"
                )
            folders = {member.filename for member in members if member.is_dir()}
            used = {name[: place + 1] for name in (member.filename for member in members)
                    for place, character in enumerate(name[:-1]) if character == "/"}  # fmt: skip
            found = [[name, "", EMPTY] for name in sorted(folders - used)]
            for number, member in enumerate(members):
                if not member.is_dir():
                    stored, reason = _member(archive, member, into, number, room)
                    room -= (into / stored).stat().st_size if stored else 0
                    found.append([member.filename, stored, reason])
            return found
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise UserError(f"not a zip that can be read ({error})") from error


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path, number: int, room: int):
    """(name in `into`, "") of a member that was written there, or ("", why not)."""
    suffix = Path(member.filename).suffix.lower()
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
        return "", "no plain file"
    if suffix not in KINDS:
        return "", ""
    most = INNER[0] if suffix == ".zip" else NOTEBOOK_LIMIT + RECEIPT_LIMIT
    try:
        with archive.open(member) as opened:
            data = opened.read(min(most, room) + 1)
    except Exception as error:  # zipfile raises half a dozen types on damaged or locked members
        return "", f"cannot be unpacked ({error})"
    if len(data) > min(most, room):
        return "", f"larger than {min(most, room) / 1e6:.0f} MB when unpacked"
    file = into / f"{number}{suffix}"
    file.write_bytes(data)
    with contextlib.suppress(ValueError, OverflowError, OSError):
        written = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(file, (written, written))
    return file.name, ""
