"""One machine with one installation and a course folder of the instructor's, for all tests of a process."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from tests.hub.edition import ROOT, install
from tests.hub.machine import ACCOUNTS, Machine

ASSIGNMENT, NOTEBOOK = "q02_quantization", "quantization"
CONFIG = (ROOT / "nbgrader_config.py").read_text("utf-8")


@dataclass
class Installed:
    """`edition` is root's and read by all; `teaching` is grace's course folder.

    `exchange` and `drop` are the folders in which students hand in.
    """

    machine: Machine
    edition: Path
    teaching: Path
    exchange: Path
    drop: Path

    @property
    def python(self) -> Path:
        return self.edition / ".venv" / "bin" / "python"

    def course(self, account: str, *words: str, **options):
        """A command as a student types it in the course's folder."""
        return self.machine.run(account, [self.python, self.edition / "course", *words], **options)

    def taught(self, program: str, *words: str) -> str:
        """What a command of the instructor's says, who is an account like others."""
        programs = {
            "course": [sys.executable, "-m", "course_lib"],
            "nbgrader": [sys.executable, "-m", "nbgrader"],
        }
        environment = {"COURSE_ROOT": self.teaching, "COURSE_EXCHANGE": self.exchange}
        command = [*programs[program], *words]
        return self.machine.did("grace", command, cwd=self.teaching, environment=environment)

    def solve(self, account: str) -> Path:
        """Write the reference's code into the notebook of a student; returns the notebook."""
        path = self.machine.home(account) / "workbook" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        source = nbformat.read(self.teaching / "notebooks" / ASSIGNMENT / path.name, as_version=4)
        solutions = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in source.cells}
        mine = nbformat.read(path, as_version=4)
        for cell in mine.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and marks.get("solution"):
                cell.source = solutions[marks["grade_id"]]
        nbformat.write(mine, path)
        return path


@pytest.fixture(scope="session")
def installed():
    machine = Machine()
    try:
        teaching = machine.home("grace") / "course"
        shutil.copytree(
            ROOT / "notebooks" / ASSIGNMENT,
            teaching / "notebooks" / ASSIGNMENT,
            ignore=shutil.ignore_patterns("effects", ".ipynb_checkpoints"),
        )
        (teaching / "nbgrader_config.py").write_text(CONFIG)
        (teaching / ".venv").symlink_to(sys.prefix)
        (teaching / "course_lib").symlink_to(ROOT / "course_lib")
        for path in [teaching, *teaching.rglob("*")]:
            os.chown(path, ACCOUNTS["grace"], ACCOUNTS["grace"], follow_symlinks=False)
        exchange, drop = machine.folder / "exchange", machine.folder / "drop"
        for folder in (exchange, drop / "inbound"):
            folder.mkdir(parents=True)
            folder.chmod(0o1777)
        here = Installed(machine, machine.folder / "srv" / "workbook", teaching, exchange, drop)
        here.taught("course", "release", ASSIGNMENT)
        install([teaching / "release" / ASSIGNMENT], here.edition)
        subprocess.run(["chmod", "-R", "a+rX", here.edition], check=True)
        yield here
    finally:
        machine.close()
