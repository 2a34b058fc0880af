"""The journal of grading: one line for each result, on disk before any of it reaches the gradebook.

A line is JSON, `{"sha256": CHECKSUM, "entry": {...}}`. A program or a machine that stops in the middle of
a line leaves one that does not add up; it is passed over, and its submission is graded again. Lines are only
ever added, and of several for the same work the last one counts, whatever the clock said.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.course import Course

GRADED = "graded"
FAILED = "failed"  # it cannot be graded, however often it is tried
ABANDONED = "abandoned"  # the processes that graded it died; the next command tries it again


@dataclasses.dataclass(frozen=True)
class Entry:
    """One submission's result. `state` is graded, failed or abandoned; `reason` says why not graded.

    `points`, `messages` and `flags` are those of course_lib.examination.result.Result. `notebook_sha256` is
    of the submission's bytes ("" where no file could be read), `tests_sha256` of the released tests,
    `executed_sha256` of the notebook in autograded/. `answered` says of each marked cell in it whether there
    is text of the student's to read; None in older lines. `seconds` is wall time, `at` the coordinator's
    clock (ISO, UTC), `by` who ran which command.
    """

    student: str
    assignment: str
    notebook_sha256: str
    tests_sha256: str
    state: str
    reason: str
    points: dict[str, float | None]
    messages: dict[str, str]
    flags: list[str]
    seconds: float
    at: str
    by: str
    executed_sha256: str = ""
    answered: dict[str, bool] | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the result depends on."""
        return self.student, self.assignment, self.notebook_sha256, self.tests_sha256


def folder(course: Course, assignment: str) -> Path:
    """Where the journal of an assignment lies, with executed notebooks on their way to autograded/."""
    return course.root / "journal" / assignment


def path(course: Course, assignment: str) -> Path:
    """The file with the lines."""
    return folder(course, assignment) / "results.jsonl"


def read(course: Course, assignment: str) -> list[Entry]:
    """All entries, oldest first; none if nothing was graded yet. Damaged lines are left out."""
    return scan(path(course, assignment))[0]


def scan(file: Path) -> tuple[list[Entry], list[int]]:
    """The entries in `file`, and the numbers of the lines that do not add up."""
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], []
    entries, damaged = [], []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entries.append(_parsed(line))
        except (ValueError, KeyError, TypeError):
            damaged.append(number)
    return entries, damaged


def append(course: Course, assignment: str, entries: Iterable[Entry]) -> None:
    """Add `entries`; they are on the disk when this returns.

    Raises OSError when they cannot be written; the journal is then as it was before.
    """
    file = path(course, assignment)
    file.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(map(_line, entries))
    with open(file, "ab", buffering=0) as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)  # the system lets go of it when a process is killed
        end = journal.seek(0, os.SEEK_END)
        if end and not _ends_with_newline(file):
            data = b"\n" + data  # the line before was torn; this one must not be lost with it
        try:
            _write_all(journal, data)
            os.fsync(journal.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                journal.truncate(end)
            raise
    if end == 0:
        _sync_folders(file.parent, course.root)


def _line(entry: Entry) -> bytes:
    text = json.dumps(dataclasses.asdict(entry), sort_keys=True, allow_nan=False)
    return f'{{"sha256": "{_checksum(text)}", "entry": {text}}}\n'.encode("ascii")


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def _parsed(line: bytes) -> Entry:
    found = json.loads(line)
    entry = found["entry"]
    if found["sha256"] != _checksum(json.dumps(entry, sort_keys=True)):
        raise ValueError("the line is damaged")
    return Entry(**entry)


def _ends_with_newline(file: Path) -> bool:
    with open(file, "rb") as existing:
        existing.seek(-1, os.SEEK_END)
        return existing.read(1) == b"\n"


def _write_all(journal, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[journal.write(left) :]


def _sync_folders(first: Path, root: Path) -> None:
    """A new file outlives a power cut once the folders that name it are on disk."""
    while True:
        descriptor = os.open(first, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if first == root:
            return
        first = first.parent
