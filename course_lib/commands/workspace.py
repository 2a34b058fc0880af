"""The student's folder: what `./course lab` puts there, and what it never touches.

A file is brought to `workspace/ASSIGNMENT/` when it is missing, or when the student has not changed it since
it was brought and the course has a newer one. A changed file is left alone, whatever the course does.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from course_lib.errors import UserError
from course_lib.paths import ROOT, write_atomically

SOLUTION_MARK = b"BEGIN SOLUTION"


def folder() -> Path:
    """The workspace: `workspace/` beside the course, or the folder that COURSE_WORKSPACE names."""
    return Path(os.environ.get("COURSE_WORKSPACE", ROOT / "workspace"))


def assignments() -> list[str]:
    """Names of all assignments, questions before labs, each in its order."""
    names = [path.parent.name for path in (ROOT / "notebooks").glob("*/*.ipynb")]
    return sorted(set(names), key=lambda name: (name.startswith("lab"), name))


def notebook(assignment: str) -> Path:
    """The student's notebook of `assignment`. Raises UserError when there is none."""
    if assignment not in assignments():
        raise UserError(f"There is no assignment {assignment!r}; there are: {', '.join(assignments())}.")
    path = folder() / assignment / _shipped_name(assignment)
    if not path.is_file():
        raise UserError(f"{path.parent} has no notebook {path.name}; ./course lab brings it.")
    return path


def prepare() -> list[str]:
    """Bring every assignment's student version into the workspace; returns lines that say what was done."""
    shipped_record = folder() / ".shipped.json"
    shipped = _digests(shipped_record)
    lines = []
    _release(assignments())
    for assignment in assignments():
        source = _student_folder(assignment)
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            name = f"{assignment}/{path.relative_to(source).as_posix()}"
            target, data = folder() / name, path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            mine = hashlib.sha256(target.read_bytes()).hexdigest() if target.exists() else None
            if mine is None or (mine == shipped.get(name) != digest):
                write_atomically(target, data)
                lines.append(f"{'new' if mine is None else 'updated'}: {name}")
                shipped[name] = digest
            elif mine == digest:
                shipped[name] = digest  # whatever the record says
            elif digest != shipped.get(name):
                lines.append(f"kept your {name}; the course has a newer one (rename yours to get it)")
    write_atomically(shipped_record, json.dumps(shipped, indent=1, sort_keys=True))
    write_atomically(folder() / "start.md", start_page())
    return lines


def student_version(assignment: str) -> Path:
    """The notebook of `assignment` as students get it, made again where its source changed."""
    _release([assignment])
    return _student_folder(assignment) / _shipped_name(assignment)


def _student_folder(assignment: str) -> Path:
    return ROOT / ("release" if _has_solutions(assignment) else "notebooks") / assignment


def _has_solutions(assignment: str) -> bool:
    """False in the student edition of the course, whose notebooks are student versions already."""
    return SOLUTION_MARK in (ROOT / "notebooks" / assignment / _shipped_name(assignment)).read_bytes()


def _shipped_name(assignment: str) -> str:
    return min(path.name for path in (ROOT / "notebooks" / assignment).glob("*.ipynb"))


def _release(names: list[str]) -> None:
    """Run `./course release` where the source, or the student version itself, is not what it was then."""
    record = ROOT / ".course" / "released.json"
    known = _digests(record)
    # Our own release rules shape the student version as much as the source does.
    rules = _digest(ROOT / "autograder")

    def state(name: str) -> str:
        return _digest(ROOT / "notebooks" / name) + rules + _digest(ROOT / "release" / name)

    stale = [name for name in names if _has_solutions(name) and known.get(name) != state(name)]
    if not stale:
        return
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


def title(path: Path) -> str:
    """The first heading of a notebook, or its file name."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    headings = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("# ")]
    return headings[0] if headings else path.stem


def start_page() -> str:
    """The page JupyterLab opens on: the assignments as links, and how to check and hand in."""
    rows = []
    for name in assignments():
        source = ROOT / "notebooks" / name / _shipped_name(name)
        rows.append(f"- [{title(source)}]({name}/{source.name})")
    return "\n".join(
        [
            "<!-- Written by ./course lab each time; your changes here would be lost. -->",
            "# Systems for machine learning",
            "",
            "Open a notebook and work from top to bottom: predict, play, build, measure, explain.",
            "Your files in this folder are yours; the course never overwrites them.",
            "",
            *rows,
            "",
            "When you want to know where you stand, in a terminal:",
            "",
            "| | |",
            "| --- | --- |",
            f"| `./course check {assignments()[0]}` | runs the visible tests of your notebook |",
            f"| `./course submit {assignments()[0]}` | packs it into one zip to hand in |",
            "| `./course doctor` | says what this machine has and what it lacks |",
            "",
        ]
    )
