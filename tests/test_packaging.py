"""pyproject.toml, constraints.txt and environment.yml say the same, and the modules keep their layers."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from course_lib import costs` imports course_lib.costs
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


FACTS = {
    "hardware",
    "shapes",
    "datasets",
    "downloads",
    "seeds",
    "effects",
    "awake",
    "machine",
    "marking",
    "progress",
    "reference",
    "errors",
    "paths",
    "cuda",
}
ENGINES = {"training", "costs", "attention", "kv_cache", "autodiff"}
TOPICS = {
    "heads",
    "nonlinearity",
    "quantization",
    "learning_rate",
    "overfitting",
    "offload",
    "federated",
    "parallelism",
    "serving",
    "gpt",
}
VIEWS = {"demos"}
# The commands and what they are made of; they may use every layer.
COMMANDS = {"cli", "__main__", "workspace", "servers", "doctor", "check", "submission", "examination"}
MAY_IMPORT = {
    **dict.fromkeys(FACTS, FACTS),
    **dict.fromkeys(ENGINES, FACTS | ENGINES),
    **{name: FACTS | ENGINES | {name} for name in TOPICS},
    **dict.fromkeys(VIEWS, FACTS | ENGINES | TOPICS | VIEWS),
    **dict.fromkeys(COMMANDS, FACTS | ENGINES | TOPICS | VIEWS | COMMANDS),
}
MODULES = sorted(path for path in (ROOT / "course_lib").rglob("*.py") if path.parent.name != "__pycache__")


def layer(path: Path) -> str:
    return path.relative_to(ROOT / "course_lib").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_course_lib_imports_only_from_its_own_layer_and_below(path):
    room = layer(path)
    if room == "__init__":
        return
    assert room in MAY_IMPORT, f"{room} belongs to no layer yet; say in this test to which"
    for name in imported_names(path):
        parts = name.split(".")
        assert parts[0] != "autograder"
        if parts[0] == "course_lib" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] in MAY_IMPORT[room] | {room}, f"{room} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "autograder").rglob("*.py")), ids=lambda path: path.name)
def test_the_autograder_imports_no_topic_and_no_demo(path):
    for name in imported_names(path):
        parts = name.split(".")
        assert not (parts[0] == "course_lib" and len(parts) > 1 and parts[1] in TOPICS | VIEWS | ENGINES)


HEAVY = ("torch", "plotly", "cupy", "nbgrader", "sklearn", "scipy", "pooch", "IPython", "notebook")


@pytest.mark.parametrize("module", ["course_lib", "course_lib.cli", "autograder.cli", "course_lib.datasets"])
def test_importing_the_commands_brings_in_nothing_slow(module):
    code = f"import {module}, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_file_is_named_after_nothing():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT).stdout.split("\n")
    nameless = {"utils", "util", "helpers", "common", "misc"}
    assert [name for name in tracked if Path(name).stem in nameless] == []
