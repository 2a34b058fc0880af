"""The student's folder: what `./course lab` puts there, and what it never touches.

A file is brought to `workspace/FOLDER/` when it is missing, or when the student has not changed it since
it was brought and the course has a newer one. A changed file is left alone, whatever the course does.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import UserError
from course_lib.paths import ROOT, is_shared, own_folder, write_atomically

SOLUTION_MARK = b"BEGIN SOLUTION"
NBGRADERS_NAME = b'"grade_id"'  # of a cell, as it stands in a notebook's file
# Of docs/, what notebooks and the start page link to; JupyterLab opens nothing outside the workspace.
PAGES = ("kernels.md", "kernel_ladders.md", "images/ladder-*.svg", "images/inspector_*.png")
LEFT_BY_RUNS = {"effects", ".ipynb_checkpoints"}


def folder() -> Path:
    """The workspace: `workspace/` of the course, or the folder that COURSE_WORKSPACE names.

    With an installation for several accounts it is `workbook/` in the home: in sight, as a person's own work
    should be, where hidden folders of data are not.
    """
    if named := os.environ.get("COURSE_WORKSPACE"):
        return Path(named).expanduser()
    return Path.home() / "workbook" if is_shared(ROOT) else ROOT / "workspace"


def is_graded(folder: Path) -> bool:
    """Whether nbgrader knows a cell of a notebook in `folder`; other notebooks earn no points."""
    return any(NBGRADERS_NAME in path.read_bytes() for path in folder.glob("*.ipynb"))


def assignments() -> list[str]:
    """Names of all assignments, questions before labs, each in its order."""
    return sorted(_folders(graded=True), key=lambda name: (name.startswith("lab"), name))


def ungraded() -> list[str]:
    """Names of the folders whose notebooks earn no points: there is nothing to check or to hand in."""
    return sorted(_folders(graded=False))


def _folders(graded: bool) -> set[str]:
    folders = {path.parent for path in (ROOT / "notebooks").glob("*/*.ipynb")}
    return {folder.name for folder in folders if is_graded(folder) is graded}


def notebook(assignment: str) -> Path:
    """The student's notebook of `assignment`. Raises UserError when there is none, or it is not graded."""
    if assignment in ungraded():
        raise UserError(f"{assignment} is not graded: there is nothing to check and nothing to hand in.")
    if assignment not in assignments():
        raise UserError(f"There is no assignment {assignment!r}; there are: {', '.join(assignments())}.")
    path = folder() / assignment / shipped(assignment).name
    if not path.is_file():
        raise UserError(f"{path.parent} has no notebook {path.name}; ./course lab brings it.")
    return path


def prepare() -> list[str]:
    """Bring every notebook's student version into the workspace; returns lines that say what was done."""
    record = folder() / ".shipped.json"
    brought = _digests(record)
    lines = []
    _release(assignments())
    for name, path in _files():
        target, data = folder() / name, path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        mine = hashlib.sha256(target.read_bytes()).hexdigest() if target.exists() else None
        if mine is None or (mine == brought.get(name) != digest):
            try:
                write_atomically(target, data, replace=mine is not None)
            except FileExistsError:  # another server of the same account has just brought it
                continue
            lines.append(f"{'new' if mine is None else 'updated'}: {name}")
            brought[name] = digest
        elif mine == digest:
            brought[name] = digest  # whatever the record says
        elif digest != brought.get(name):
            lines.append(f"kept your {name}; the course has a newer one (rename yours to get it)")
    write_atomically(record, json.dumps(brought, indent=1, sort_keys=True))
    return lines


def _files() -> Iterator[tuple[str, Path]]:
    """The files that students get: each one's place in the workspace, and where the course has it."""
    for name in [*assignments(), *ungraded()]:
        source = _student_folder(name)
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            relative = path.relative_to(source)
            if not LEFT_BY_RUNS & set(relative.parts):
                yield f"{name}/{relative.as_posix()}", path
    for pattern in PAGES:
        for path in sorted((ROOT / "docs").glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path


def student_version(assignment: str) -> Path:
    """The notebook of `assignment` as students get it, made again where its source changed."""
    _release([assignment])
    return _student_folder(assignment) / shipped(assignment).name


def _student_folder(assignment: str) -> Path:
    return ROOT / ("release" if _has_solutions(assignment) else "notebooks") / assignment


def _has_solutions(assignment: str) -> bool:
    """False in the student edition of the course, whose notebooks are student versions already."""
    return SOLUTION_MARK in shipped(assignment).read_bytes()


def shipped(assignment: str) -> Path:
    """The notebook of `assignment` as the course has it, in the student edition or with its solutions."""
    return min((ROOT / "notebooks" / assignment).glob("*.ipynb"))


def _release(names: list[str]) -> None:
    """Run `./course release` where the source, or the student version itself, is not what it was then."""
    record = own_folder(ROOT) / "released.json"
    known = _digests(record)
    # Our own release rules shape the student version as much as the source does.
    rules = _digest(ROOT / "autograder")

    def state(name: str) -> str:
        return _digest(ROOT / "notebooks" / name) + rules + _digest(ROOT / "release" / name)

    stale = [name for name in names if _has_solutions(name) and known.get(name) != state(name)]
    if not stale:
        return
    if is_shared(ROOT):
        raise UserError(
            f"{ROOT} holds the instructors' notebooks, and this account cannot write there. "
            "./course release --bundle DIR writes a student edition, which many accounts can share."
        )
    print(f"Making the student version of {', '.join(stale)} …", flush=True)
    command = [sys.executable, "-m", "course_lib", "release", *stale]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise UserError(f"./course release failed: {' '.join(reason).removeprefix('course: ')}")
    known.update({name: state(name) for name in stale})
    write_atomically(record, json.dumps(known, indent=1))


def _digests(record: Path) -> dict[str, str]:
    """name -> SHA-256, as written here before; a record that is missing or cut off is as good as empty.

    Then a file that differs from the course's counts as the student's, and student versions are made again.
    """
    try:
        found = json.loads(record.read_text("utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return {str(name): digest for name, digest in found.items()} if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.suffix in {".ipynb", ".py"}):
        digest.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def link(assignment: str) -> str:
    """Where its notebook lies in the workspace, as an address relative to it."""
    return f"{assignment}/{shipped(assignment).name}"


def title(path: Path) -> str:
    """The first heading of a notebook, or its file name."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    headings = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("# ")]
    return headings[0] if headings else path.stem
