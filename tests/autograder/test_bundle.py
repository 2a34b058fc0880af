"""The student edition works alone and holds no answer, whatever file one might hide in."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import alike, regions
from autograder.bundle import copy_parts, write_bundle
from autograder.due import give_out
from autograder.leaks import canaries, library_answers, search, secrets
from autograder.library import answers, files
from autograder.preprocessors.clear_solutions import ClearSolutions
from autograder.release import release
from course_lib.commands.cli import main
from course_lib.commands.due import FILE as DUE_DATES
from course_lib.errors import UserError
from course_lib.seal import unsealed
from course_lib.version import version
from tests.autograder import readable
from tests.autograder.small_course import CANARIES, DOUBLE, make_course

ROOT = Path(__file__).resolve().parents[2]
# Question 2's solution for the ratio of signal and noise, under other names.
DECIBELS = """\
def decibels(found, wanted):
    wanted, found = np.asarray(wanted, dtype=np.float64), np.asarray(found, dtype=np.float64)
    lost = np.sum((wanted - found) ** 2)
    return math.inf if lost == 0 else float(10 * np.log10(np.sum(wanted ** 2) / lost))
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory, empty_gradebook):
    """A course with this repository's files, its notebooks, and everything an instructor has lying about."""
    course = make_course(tmp_path_factory.mktemp("whole"), empty_gradebook)
    copy_parts(ROOT, course.root)
    shutil.copy(ROOT / "pyproject.toml", course.root)
    for folder in ("docs", "tests", "autograder"):
        shutil.copytree(ROOT / folder, course.root / folder, dirs_exist_ok=True)
    for path in (ROOT / "notebooks").glob("*/*.ipynb"):
        (course.root / "notebooks" / path.parent.name).mkdir()
        shutil.copy(path, course.root / "notebooks" / path.parent.name)
    (course.root / "course_lib" / "effects").mkdir()
    (course.root / "course_lib" / "effects" / "speed.json").write_text("{}")
    (course.root / "data" / "link").symlink_to("/etc")
    return course


@pytest.fixture(scope="module")
def bundle(whole, tmp_path_factory):
    """The student edition of that course."""
    folders = [release(whole, name) for name in whole.assignments()]
    give_out(whole)
    return write_bundle(whole, folders, tmp_path_factory.mktemp("student") / "edition")


def test_the_edition_carries_the_due_dates(bundle):
    assert (bundle / "notebooks" / DUE_DATES).read_text() == "{}\n"  # this course has set none


def test_no_file_of_the_bundle_holds_a_canary_or_an_answer(bundle, whole):
    sources = [whole.source(name) for name in whole.assignments()]
    wanted = secrets(sources)
    assert len(set().union(*map(canaries, sources))) >= len(CANARIES)
    assert search(whole.root, wanted) != []
    assert search(bundle, wanted) == []
    for path in bundle.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"canary-q" not in data, path


def test_no_answer_of_the_library_can_be_read_in_the_bundle_and_everything_opens_to_what_it_was(
    bundle, whole
):
    wanted = library_answers(whole.root)
    assert len(wanted) >= 40
    assert len(search(whole.root / "course_lib", wanted)) + len(search(whole.root / "kernels", wanted)) >= 40
    assert search(bundle, wanted) == []
    for path in files(bundle):
        assert unsealed(path.read_text("utf-8")) == (ROOT / path.relative_to(bundle)).read_text("utf-8")


def test_nothing_that_can_be_read_in_the_bundle_does_what_a_solution_does_under_other_names(
    bundle, whole, tmp_path
):
    solutions = {}
    for name in whole.assignments():
        for cell in nbformat.read(whole.source(name), as_version=4).cells:
            if regions.find(cell.source, regions.SOLUTION):
                made_in_it = readable.statements(cell.source)
                ClearSolutions().preprocess_cell(cell, {"language": "python"}, 0)
                given = readable.statements(cell.source)  # parts of a class that students do not write
                for number, made in enumerate(made_in_it):
                    if made not in given:
                        solutions[f"{cell.metadata.nbgrader.grade_id}, function {number}"] = made
    solutions = {name: made for name, made in solutions.items() if alike.size(made) >= alike.TELLING}
    assert len(solutions) >= 40

    def search(folder):
        return {
            f"{place} does what {name} does"
            for place, code in readable.pieces(folder)
            for made in readable.statements(code)
            for name in alike.taken_from(solutions, made)
        }

    assert search(bundle) == set()
    (tmp_path / "page.md").write_text(f"# Decibels\n\n```python\n{DECIBELS}```\n")
    assert search(tmp_path) == {"page.md does what q02_sqnr_db, function 0 does"}


def test_the_bundle_has_what_a_student_needs_and_nothing_of_the_instructors(bundle, whole):
    names = {path.name for path in bundle.iterdir()}
    assert {"LICENSE", "course", "course_lib", "notebooks", "pyproject.toml", "constraints.txt"} <= names
    assert not names & {"autograder", "tests", "gradebook.db", "release", "submitted", "nbgrader_config.py"}
    assert not (bundle / "docs" / "instructors.md").exists()
    # What stays of the benchmarks and beside the pages runs without the instructors' package and the tests.
    assert not (bundle / "benchmarks" / "gpu_day.sh").exists()
    for path in [*(bundle / "benchmarks").glob("*.py"), *(bundle / "docs").glob("*.py")]:
        assert not re.search(r"^(from|import) (autograder|tests)\b", path.read_text("utf-8"), re.MULTILINE), (
            path
        )
    practice = [folder.name for folder in whole.ungraded()]
    assert "cuda_ladder" in practice
    given = {path.name for path in (bundle / "notebooks").iterdir()}
    assert given == {*whole.assignments(), *practice, DUE_DATES}
    assert not list(bundle.rglob("effects"))
    assert not [path for path in bundle.rglob("*") if path.is_symlink()]
    readme = (bundle / "README.md").read_text("utf-8")
    assert "## For students" in readme
    assert "docs/instructors.md" not in readme
    for link in re.findall(r"\]\(([\w./]+)\)", readme):
        assert (bundle / link).exists(), f"README.md links to {link}"
    folders = set(re.findall(r"`([\w.]+)/`", readme)) - {"workspace"}  # which ./course lab makes
    assert len(folders) > 5
    assert [folder for folder in folders if not (bundle / folder).is_dir()] == []
    assert "autograder" not in str(tomllib.loads((bundle / "pyproject.toml").read_text()))


def test_the_students_commands_run_in_the_bundle_without_the_instructors(bundle, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(bundle), "COURSE_WORKSPACE": str(tmp_path / "workspace")}

    def run(*command):
        return subprocess.run(
            [sys.executable, *command],
            cwd=bundle,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )

    # What installing the bundle would register as its commands.
    made = run("-c", "from setuptools import setup; setup()", "-q", "egg_info")
    assert made.returncode == 0, made.stderr
    shown = run("-m", "course_lib", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "submit" in shown.stdout
    assert "release" not in shown.stdout
    prepared = run(
        "-c", "from course_lib.commands import workspace; workspace.prepare(); print(workspace.ROOT)"
    )
    assert prepared.stdout.strip() == str(bundle), prepared.stderr
    assert (tmp_path / "workspace" / "cuda_ladder" / "cuda_ladder.ipynb").exists()
    starter = tmp_path / "workspace" / "q00_doubling" / "doubling.ipynb"
    assert 'NotImplementedError(\\"Q0.1: double\\")' in starter.read_text()
    packed = run("-m", "course_lib", "submit", "q00_doubling", "--student", "ada", "--untouched")
    assert packed.returncode == 0, packed.stderr
    # An instructor can tell from a receipt whether a student's code is the course's own.
    said = run("-c", "from course_lib.version import version; print(version())")
    assert said.stdout.strip() == version(), said.stderr


def test_an_answer_anywhere_in_the_course_stops_the_bundle_and_leaves_nothing(whole, tmp_path):
    folder = release(whole, "q00_doubling")
    hidden_in = whole.root / "data" / "extra.zip"
    in_the_library = answers(whole.root / "kernels" / "quantize.cu")[0].code.replace("    ", "\t")
    try:
        for text in (CANARIES[0], DOUBLE.replace("    ", "\t"), in_the_library):
            with zipfile.ZipFile(hidden_in, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("deep/inside.txt", text)
            with pytest.raises(UserError, match=r"extra\.zip holds (a|the library's answer to Q2\.6)"):
                write_bundle(whole, [folder], tmp_path / "edition")
            assert list(tmp_path.iterdir()) == []
    finally:
        hidden_in.unlink()


def test_a_notebook_that_is_not_graded_yet_but_holds_a_solution_is_not_given_out(course, tmp_path):
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": DOUBLE,
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (course.root / "notebooks" / "unfinished").mkdir()
    (course.root / "notebooks" / "unfinished" / "work.ipynb").write_text(json.dumps(notebook))
    (course.root / "pyproject.toml").write_text('[project]\nname = "course"\n')
    with pytest.raises(UserError, match=r"work\.ipynb holds a solution of work\.ipynb"):
        write_bundle(course, [], tmp_path / "edition")


def test_a_folder_that_is_not_empty_is_refused_in_one_line_and_untouched(course, tmp_path, capsys):
    (tmp_path / "edition").mkdir()
    (tmp_path / "edition" / "mine.txt").write_text("mine")
    assert main(["release", "--bundle", str(tmp_path / "edition")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "not empty" in said
    assert [path.name for path in (tmp_path / "edition").iterdir()] == ["mine.txt"]
    assert not (course.root / "release").exists()


def test_a_folder_inside_what_is_copied_is_refused(course):
    with pytest.raises(UserError, match="inside"):
        write_bundle(course, [], course.root / "course_lib" / "edition")
