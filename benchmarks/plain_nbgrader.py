"""Cases of the corpus through plain nbgrader: its own `nbgrader autograde`, each in a course of its own.

Plain nbgrader confines nothing: a case runs as an ordinary program of this account. So only cases that were
read, and that harm nothing outside of the throwaway course, are run like this.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

ASSIGNMENT, NOTEBOOK, STUDENT, NEXT = "q00_corpus", "corpus", "ada", "zoe"
CONFIGURATION = 'c = get_config()\nc.CourseDirectory.source_directory = "notebooks"\n'
PATIENCE = 300  # seconds


@dataclass
class Outcome:
    """What became of a case: points by test (None: no score was stored), and what else was seen."""

    points: dict[str, float] | None
    notes: list[str] = field(default_factory=list)


def make_course(root: Path, source: bytes) -> Path:
    """A course with nbgrader's own configuration, whose assignment is released."""
    folder = root / "notebooks" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{NOTEBOOK}.ipynb").write_bytes(source)
    (root / "nbgrader_config.py").write_text(CONFIGURATION)
    _nbgrader(root, "generate_assignment", ASSIGNMENT)
    return root


def run(
    data: bytes, template: Path, course: Path, following: bytes | None, secrets: Sequence[str], runs_script
) -> Outcome:
    """Grade the notebook `data` in `course`, a copy of `template`; `following` is the next student's.

    `secrets` must not be read by students; `runs_script` says whether a browser runs its script in a page.
    """
    shutil.rmtree(course, ignore_errors=True)
    shutil.copytree(template, course)
    _hand_in(course, STUDENT, data)
    if following is not None:
        _hand_in(course, NEXT, following)
    before = _files(course)
    _nbgrader(course, "autograde", ASSIGNMENT)
    outcome = Outcome(_points(course, STUDENT))
    executed = course / "autograded" / STUDENT / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    if executed.exists():
        outcome.notes += _seen(executed.read_text("utf-8"), secrets, runs_script)
    if following is not None and _points(course, NEXT) is None:
        outcome.notes.append("the next student is not graded")
    if _files(course) != before:
        outcome.notes.append("files of the course are changed")
    if _has_manual_score(course):
        outcome.notes.append("a mark is written into the gradebook")
    return outcome


def _hand_in(course: Path, student: str, data: bytes) -> None:
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{NOTEBOOK}.ipynb").write_bytes(data)


def _nbgrader(root: Path, *words: str) -> None:
    """Run nbgrader in a session of its own, and end what is left of that."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    environment = {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _points(course: Path, student: str) -> dict[str, float] | None:
    """Automatic points by test; None where no score is in the gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
        except MissingEntry:
            return None
        found = {grade.name: grade.auto_score for grade in notebook.grades if grade.cell.cell_type == "code"}
    return None if None in found.values() else found


def _has_manual_score(course: Path) -> bool:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, STUDENT)
        except MissingEntry:
            return False
        return any(grade.manual_score for grade in notebook.grades)


def _seen(executed: str, secrets: Sequence[str], runs_script) -> list[str]:
    """Hidden inputs and successes in the outputs of the executed notebook, scripts in formgrader's page."""
    cells = json.loads(executed)["cells"]
    outputs = json.dumps([cell.get("outputs", []) for cell in cells], ensure_ascii=False)
    found = []
    if any(secret in outputs for secret in secrets):
        found.append("outputs show hidden tests")
    if "BREACH" in outputs.replace('"BRE', "").replace('\\"BRE', ""):
        found.append("the attack says that it succeeded")
    if "steal" in executed:
        config = Config()
        config.HTMLExporter.template_name = "formgrade"
        config.HTMLExporter.extra_template_basedirs = [template_path]
        names = ("notebook_id", "assignment_id", "submission_id", "student", "base_url", "notebook_path")
        resources = {**dict.fromkeys(names, "x"), "last_name": "", "first_name": "", "index": 0, "total": 1}
        notebook = nbformat.reads(executed, as_version=4)
        page, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources)
        if runs_script(page):
            found.append("a script of the student runs in formgrader")
    return found


def _files(course: Path) -> dict[str, bytes]:
    """What a grading run has no business to change."""
    parts = [course / "notebooks", course / "submitted", course / "nbgrader_config.py"]
    paths = [path for part in parts for path in ([part] if part.is_file() else part.rglob("*"))]
    return {str(path): path.read_bytes() for path in paths if path.is_file() and not path.is_symlink()}
