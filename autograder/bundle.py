"""The student edition: a copy of the course that holds no answer, written whole or not at all."""

import os
import re
import shutil
import tempfile
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from autograder import leaks, sealing
from autograder.course import Course
from course_lib.commands.due import FILE as DUE_DATES
from course_lib.errors import UserError

# What `./course lab`, `check`, `submit`, `demo`, `doctor` and `bench` need. A part that is added to the
# course later stays out until it is named here.
PARTS = [
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CITATION.cff",
    "course",
    "constraints.txt",
    "environment.yml",
    ".gitignore",
    ".devcontainer",
    "binder",
    "course_lib",
    "kernels",
    "lectures",
    "data",
    "benchmarks",
    "docs",
]
FOR_INSTRUCTORS = (
    "docs/instructors.md",
    "docs/adding_a_question.md",
    "docs/grading_*.md",
    "docs/draw_*.py",
    "docs/teaching*.md",
    "docs/write_answers.py",
    "benchmarks/gpu_day.sh",
    "benchmarks/grading*.py",
    "benchmarks/hostile.py",
    "benchmarks/plain_nbgrader.py",
    "benchmarks/results/grading-*.json",
    "benchmarks/results/hostile.json",
)
LEFTOVERS = ("__pycache__", "*.pyc", ".ipynb_checkpoints", "effects", "build", "*.part")
# pyproject.toml names the instructors' package twice; in the student edition it is absent.
INSTRUCTOR_LINES = {
    'instructor = "autograder.cli:app"\n': "",
    'include = ["course_lib*", "autograder*"]': 'include = ["course_lib*"]',
}


def check_destination(course: Course, destination: Path) -> Path:
    """`destination` as an absolute path; raises UserError unless a bundle can be written there."""
    destination = destination.absolute()
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise UserError(f"{destination} is not empty; name a new folder for the student edition.")
    if any(destination.resolve().is_relative_to(course.root / part) for part in [*PARTS, "notebooks"]):
        raise UserError(f"{destination} lies inside the course's own files; name a folder elsewhere.")
    return destination


def write_bundle(course: Course, released: list[Path], destination: Path) -> Path:
    """Write the student edition to `destination`, with the folders `released` and what is not graded.

    The library's answers are sealed there. Raises UserError when that folder cannot be used, and when the
    copy would hold a solution, a hidden test, a mark scheme or an answer of the library that can be read;
    `destination` is then untouched.
    """
    destination = check_destination(course, destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", suffix=".part", dir=destination.parent))
    try:
        copy_parts(course.root, temporary)
        sealing.seal(temporary)
        for folder in [*released, *course.ungraded()]:
            ignored = shutil.ignore_patterns(*LEFTOVERS)
            shutil.copytree(folder, temporary / "notebooks" / folder.name, ignore=ignored)
        due = course.root / "release" / DUE_DATES
        if due.is_file():
            shutil.copy2(due, temporary / "notebooks" / DUE_DATES)
        wanted = leaks.secrets(sorted((course.root / "notebooks").glob("*/*.ipynb")))
        wanted |= leaks.library_answers(course.root)
        if found := leaks.search(temporary, wanted):
            raise UserError(f"No student edition was written: {'; '.join(found[:3])}.")
        for path in [temporary, *temporary.rglob("*")]:  # it is for others, whatever the umask
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        if destination.exists():
            destination.rmdir()
        os.replace(temporary, destination)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return destination


def copy_parts(root: Path, target: Path) -> None:
    """Copy PARTS of the course in `root` that exist, and pyproject.toml, without what is the instructors'."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        relative = Path(folder).relative_to(root).as_posix()
        mine = {name for name in names for part in FOR_INSTRUCTORS if fnmatch(f"{relative}/{name}", part)}
        links = {name for name in names if (Path(folder) / name).is_symlink()}
        return mine | links | shutil.ignore_patterns(*LEFTOVERS)(folder, names)

    for part in PARTS:
        if (root / part).is_dir():
            shutil.copytree(root / part, target / part, ignore=left_out)
        elif (root / part).is_file():
            shutil.copy2(root / part, target / part)
    readme = target / "README.md"
    if readme.exists():
        readme.write_text(student_readme(readme.read_text("utf-8")), "utf-8")
    project = student_pyproject((root / "pyproject.toml").read_text("utf-8"))
    (target / "pyproject.toml").write_text(project, "utf-8")


def student_readme(text: str) -> str:
    """README.md without what is marked as the instructors': students have none of what it tells of."""
    return re.sub(r"<!-- instructors -->.*?<!-- /instructors -->\n", "", text, flags=re.DOTALL)


def student_pyproject(text: str) -> str:
    """pyproject.toml without the instructors' package; raises UserError when it cannot be taken out."""
    for line, without in INSTRUCTOR_LINES.items():
        text = text.replace(line, without)
    if "autograder" in str(tomllib.loads(text)):
        raise UserError(f"pyproject.toml names autograder in a way that {Path(__file__).name} does not know.")
    return text
