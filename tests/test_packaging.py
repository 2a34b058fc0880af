"""pyproject.toml, constraints.txt and environment.yml say the same, and importing a command is quick."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_layers import imported_names

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"torch": "pytorch", "msgpack": "msgpack-python"}


def requirements(lines) -> dict[str, Requirement]:
    return {canonicalize_name((r := Requirement(line)).name): r for line in lines}


def test_conda_environment_asks_for_exactly_what_pyproject_asks_for():
    text = (ROOT / "environment.yml").read_text()
    listed = re.findall(r"^  - ([\w.-]+)(\S*)$", text, flags=re.M)
    conda = {name: ranges for name, ranges in listed if name not in {"python", "pip", "conda-forge"}}
    wanted = {
        CONDA_NAMES.get(name, name): ",".join(sorted(str(requirement.specifier).split(",")))
        for name, requirement in requirements(PROJECT["dependencies"]).items()
    }
    assert {name: ",".join(sorted(ranges.split(","))) for name, ranges in conda.items()} == wanted
    assert f"python{PROJECT['requires-python']}" in text


def test_every_declared_dependency_is_pinned_inside_its_range():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = requirements(line for line in lines if line and not line.startswith("#"))
    declared = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for group in declared:
        for name, requirement in requirements(group).items():
            assert name in pins, f"{name} is not in constraints.txt"
            (pin,) = pins[name].specifier
            assert pin.operator == "=="
            assert pin.version in requirement.specifier, f"{name}=={pin.version} is outside {requirement}"
    assert str(pins["torch"].specifier) == "==2.13.0"


def test_launcher_wants_the_python_that_pyproject_wants():
    launcher = (ROOT / "course").read_text()
    assert PROJECT["requires-python"] == ">=3.11"
    assert "OLDEST = (3, 11)" in launcher


def test_launcher_uses_the_standard_library_only():
    allowed = sys.stdlib_module_names
    for name in imported_names(ROOT / "course"):
        assert name.split(".")[0] in allowed


HEAVY = ("torch", "plotly", "cupy", "nbgrader", "sklearn", "scipy", "pooch", "IPython", "notebook")


@pytest.mark.parametrize(
    "module", ["course_lib", "course_lib.commands.cli", "autograder.cli", "course_lib.datasets"]
)
def test_importing_the_commands_brings_in_nothing_slow(module):
    code = f"import {module}, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_file_is_named_after_nothing():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT).stdout.split("\n")
    nameless = {"utils", "util", "helpers", "common", "misc"}
    assert [name for name in tracked if Path(name).stem in nameless] == []
