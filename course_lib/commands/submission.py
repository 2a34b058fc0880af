"""What a student hands in: one zip with the notebook and a receipt that names its SHA-256."""

import getpass
import hashlib
import io
import json
import re
import secrets
import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_lib.errors import UserError
from course_lib.paths import write_atomically
from course_lib.version import version

RECEIPT = "receipt.json"
FIELDS = ("assignment", "notebook", "sha256", "submitted", "student", "course_version")
NOTEBOOK_LIMIT = 20_000_000  # bytes; a notebook with a dozen figures has under 2 MB
RECEIPT_LIMIT = 10_000
# A student id becomes a folder name and a gradebook key, so it has no space, slash, wildcard or leading dot.
STUDENT_ID = re.compile(r"\w[\w.@-]{0,63}")
ASSIGNMENT = re.compile(r"[A-Za-z0-9][\w-]{0,63}", re.ASCII)
NOTEBOOK_NAME = re.compile(r"\w[\w .()-]{0,99}\.ipynb")
# What the accounts of containers, virtual machines and class rooms are called, whoever sits there.
SHARED_LOGINS = {
    "admin", "administrator", "azureuser", "codespace", "coder", "colab", "debian", "ec2-user", "gitpod",
    "guest", "jovyan", "jupyter", "jupyter-user", "kali", "nbuser", "nobody", "pi", "root", "rstudio",
    "student", "ubuntu", "user", "vagrant", "vscode",
}  # fmt: skip
SHARED = "is what many accounts are called"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Submission:
    """A submission that was read and found whole: `data` is the notebook, whose SHA-256 is `sha256`."""

    assignment: str
    notebook: str
    sha256: str
    submitted: datetime
    student: str
    course_version: str
    data: bytes
    receipt: bytes
    secret: str = ""  # by which nbgrader's exchange names what comes back, where it came from there


def pack(assignment: str, notebook_path: Path | str, student: str | None, destination: Path | str) -> Path:
    """Write `ASSIGNMENT-STUDENT.zip` into the folder `destination`; returns its path.

    `student` is the id the course knows the student by; None takes the login name. A notebook that is too
    large is packed without outputs and saved widgets, which grading makes again. Raises UserError when the id
    cannot be a folder name or the notebook is missing, too large even so, or no notebook.
    """
    student = of_one_person(student if student is not None else _login_name())
    path = Path(notebook_path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    if len(data) > NOTEBOOK_LIMIT:
        data = _without_outputs(path.name, data)
    _check_notebook(path.name, data)
    receipt = {
        "assignment": assignment,
        "notebook": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "submitted": datetime.now(UTC).strftime(TIME_FORMAT),
        "student": student,
        "course_version": version(),
        "ticket": secrets.token_hex(16),  # so that nobody guesses where its feedback lies (slips.py)
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path.name, data)
        archive.writestr(RECEIPT, json.dumps(receipt, indent=1, ensure_ascii=False) + "\n")
    packed = buffer.getvalue()
    unpacked(packed)  # what collect would refuse is said here, while the student can still mend it
    return write_atomically(Path(destination) / f"{assignment}-{student}.zip", packed)


def read(path: Path | str) -> Submission:
    """Read and verify a zip made by `pack`.

    Nothing is written to disk, and no more is unpacked than the limits above. Raises UserError with the
    file's name and the reason: no zip, members other than notebook and receipt, a path or link among the
    names, too large, a malformed receipt, another SHA-256 than the notebook's, or no valid notebook.
    """
    path = Path(path)
    try:
        if path.stat().st_size > NOTEBOOK_LIMIT + RECEIPT_LIMIT:
            raise UserError(f"the file is larger than {NOTEBOOK_LIMIT / 1e6:g} MB")
        return unpacked(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from error
    except UserError as error:
        raise UserError(f"{path}: {str(error).rstrip('.')}.") from error


def checked_student(student: str) -> str:
    """`student` in Unicode's composed form; raises UserError when it cannot be a student id."""
    student = unicodedata.normalize("NFC", student)
    if not STUDENT_ID.fullmatch(student):
        raise UserError(
            f"{student!r} cannot be a student id: use letters, digits and . _ - @, at most 64, "
            "for example --student ada.lovelace"
        )
    return student


def of_one_person(student: str) -> str:
    """A student id by which work is handed in. Raises UserError where it cannot tell people apart."""
    student = checked_student(student)
    if student.casefold() in SHARED_LOGINS:
        raise UserError(
            f"{student!r} {SHARED}, so it would make one person of several; "
            "./course submit ASSIGNMENT --student ID takes the id that the course knows you by"
        )
    return student


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (
        OSError,
        KeyError,
        ImportError,
    ) as error:  # differs between Pythons and systems
        raise UserError("This machine does not say who you are; add --student YOUR_ID.") from error


def unpacked(packed: bytes, student: str | None = None) -> Submission:
    """The submission in the bytes of a zip, by `student` where its receipt does not count.

    Raises UserError as `read` does, without a file's name.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            notebook = _check_members(archive)
            receipt = _read_member(archive, RECEIPT, RECEIPT_LIMIT)
            data = _read_member(archive, notebook, NOTEBOOK_LIMIT)
    except UserError:
        raise
    except Exception as error:  # zipfile raises half a dozen types on damaged or hostile archives
        raise UserError(f"not a zip that can be read ({error})") from error
    return _verified(notebook, data, receipt, student)


def _check_members(archive: zipfile.ZipFile) -> str:
    """The notebook's name, when the archive holds it and the receipt and nothing else."""
    names = [member.filename for member in archive.infolist()]
    for member, name in zip(archive.infolist(), names, strict=True):
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise UserError(f"member {name!r} is no plain file")
        if name != RECEIPT and not NOTEBOOK_NAME.fullmatch(name):
            raise UserError(f"member {name!r} does not belong in a submission (a notebook and {RECEIPT} do)")
        if names.count(name) > 1:
            raise UserError(f"member {name!r} is there twice")
    notebooks = [name for name in names if name != RECEIPT]
    if RECEIPT not in names or len(notebooks) != 1:
        raise UserError(f"a submission holds one notebook and {RECEIPT}; this one holds {names[:5]}")
    return notebooks[0]


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    # The size in the directory is the sender's claim; reading one byte past the limit is the proof.
    with archive.open(name) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise UserError(f"{name} is larger than {limit / 1e6:g} MB")
    return data


def _verified(notebook: str, data: bytes, receipt: bytes, student: str | None) -> Submission:
    try:
        claims = json.loads(receipt)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{RECEIPT} is not valid JSON") from error
    if not isinstance(claims, dict) or not all(isinstance(claims.get(field), str) for field in FIELDS):
        raise UserError(f"{RECEIPT} lacks one of {', '.join(FIELDS)}")
    if not ASSIGNMENT.fullmatch(claims["assignment"]):
        raise UserError(f"{RECEIPT} names {claims['assignment']!r}, which cannot be an assignment")
    if claims["notebook"] != notebook:
        raise UserError(f"{RECEIPT} is for {claims['notebook']!r}, the zip holds {notebook!r}")
    if claims["sha256"] != hashlib.sha256(data).hexdigest():
        raise UserError(f"{notebook} was changed after packing: its SHA-256 is not the one in {RECEIPT}")
    try:
        submitted = datetime.strptime(claims["submitted"], TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise UserError(f"{RECEIPT} has no time like 2026-01-31T12:00:00Z in 'submitted'") from error
    student = of_one_person(claims["student"] if student is None else student)
    _check_notebook(notebook, data)
    return Submission(
        assignment=claims["assignment"],
        notebook=notebook,
        sha256=claims["sha256"],
        submitted=submitted,
        student=student,
        course_version=claims["course_version"][:40],
        data=data,
        receipt=receipt,
    )


def _check_notebook(name: str, data: bytes) -> None:
    if len(data) > NOTEBOOK_LIMIT:
        raise UserError(f"{name} is larger than {NOTEBOOK_LIMIT / 1e6:g} MB{_largest_cell(name, data)}")
    content(name, data)


def content(name: str, data: bytes) -> dict:
    """The notebook's JSON, whose cells are a list of objects. Raises UserError, which calls it `name`."""
    try:
        found = json.loads(data)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair could never be written again
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{name} is no notebook (not valid JSON); open it in JupyterLab and save it"
        ) from error
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise UserError(f"{name} is not a notebook of format 4; open it in JupyterLab and save it")
    return found


def _without_outputs(name: str, data: bytes) -> bytes:
    found = content(name, data)
    for cell in found["cells"]:
        if cell.get("cell_type") == "code":
            cell |= {"outputs": [], "execution_count": None}
    if isinstance(found.get("metadata"), dict):
        found["metadata"].pop("widgets", None)
    return (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()


def _largest_cell(name: str, data: bytes) -> str:
    """Where the bytes of a notebook without outputs are: the end of a sentence that says what to do."""
    cells = content(name, data)["cells"]
    sizes = [len(json.dumps(cell, ensure_ascii=False).encode()) for cell in cells]
    place = max(range(len(cells)), key=sizes.__getitem__, default=None)
    if place is None or sizes[place] < NOTEBOOK_LIMIT / 10:
        return ", outputs apart; download the notebook of the course again and copy your cells into it"
    what = "pictures pasted into it" if cells[place].get("attachments") else "what is written in it"
    return (
        f", outputs apart; its largest cell is number {place + 1} with {sizes[place] / 1e6:.0f} MB: "
        f"take out {what}, and save the notebook"
    )
