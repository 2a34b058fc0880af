"""The version says what code is really here, and a receipt carries it."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from autograder.sealing import seal
from course_lib import __version__
from course_lib.paths import ROOT
from course_lib.version import PARTS, SUFFIXES, version

PACK = """
import sys
from course_lib.commands.submission import pack
pack("q00_doubling", "doubling.ipynb", "ada", sys.argv[1])
"""


@pytest.fixture
def receipt_of(tmp_path):
    """Copies the code, lets `change` alter the copy, and gives the version in a receipt that it writes."""

    def pack(name, change=lambda tree: None) -> str:
        tree = tmp_path / name
        for part in PARTS:
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        change(tree)
        (tree / "doubling.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5}))
        subprocess.run([sys.executable, "-c", PACK, "."], cwd=tree, check=True, env={"PYTHONPATH": str(tree)})
        with zipfile.ZipFile(tree / "q00_doubling-ada.zip") as archive:
            return json.loads(archive.read("receipt.json"))["course_version"]

    return pack


def windows_line_ends(tree):
    for path in (tree / "course_lib").glob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def leftovers(tree):
    (tree / "course_lib" / "__pycache__").mkdir()
    (tree / "course_lib" / "__pycache__" / "paths.cpython-311.pyc").write_bytes(b"\0")


def another_kernel(tree):
    kernel = tree / "kernels" / "softmax.cu"
    kernel.write_text(kernel.read_text() + "// changed\n")


def another_sealed_answer(tree):
    seal(tree)
    kernels = tree / "kernels" / "quantize.cu"
    kernels.write_text(kernels.read_text().replace("//= eN", "//= eM", 1))


def a_renamed_module(tree):
    (tree / "course_lib" / "seeds.py").rename(tree / "course_lib" / "seedlings.py")


def test_a_receipt_carries_the_version_of_the_code_that_packed_it(receipt_of):
    here = version()
    assert re.fullmatch(re.escape(__version__) + r"\+[0-9a-f]{12}", here)
    assert len(here) <= 40  # what is kept of a receipt's version
    assert receipt_of("same") == here
    assert receipt_of("windows", windows_line_ends) == here
    assert receipt_of("leftovers", leftovers) == here
    assert receipt_of("sealed", seal) == here


def test_two_trees_that_differ_have_two_versions(receipt_of):
    changes = (another_kernel, another_sealed_answer, a_renamed_module)
    assert len({version(), *(receipt_of(change.__name__, change) for change in changes)}) == 4


def test_every_kind_of_file_that_notebooks_use_counts():
    kinds = {path.suffix for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file()}
    pages = {".html", ".j2", ".css", ".js"}  # how a demo's page looks changes no result
    assert kinds - {".pyc"} - pages == SUFFIXES


def test_the_version_stands_in_one_place():
    said = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'attr = "course_lib.__version__"' in said
    assert not re.search(r'^version = "', said, re.MULTILINE)
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(
        rf"^version: {re.escape(__version__)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE
    )
