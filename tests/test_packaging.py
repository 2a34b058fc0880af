"""pyproject.toml, constraints.txt and environment.yml say the same, and importing a command is quick."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.bundle import copy_parts
from course_lib.commands import doctor
from tests.layers import imported_names

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
    (cupy,) = (r for r in map(Requirement, PROJECT["optional-dependencies"]["gpu"]) if "cupy" in r.name)
    wanted["cupy"] = ",".join(sorted(str(cupy.specifier).split(",")))
    assert {name: ",".join(sorted(ranges.split(","))) for name, ranges in conda.items()} == wanted
    assert re.search(r"# .*Without one, and on every Mac, delete this line.*\n  - cupy", text)


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


def test_the_launcher_the_doctor_and_every_file_name_the_same_oldest_python():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert f"OLDEST = ({oldest.replace('.', ', ')})\n" in (ROOT / "course").read_text()
    assert ".".join(map(str, doctor.OLDEST_PYTHON)) == oldest
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text()
    assert f"\n  - python>={oldest}\n" in (ROOT / "environment.yml").read_text()


def test_the_doctor_and_the_readme_name_the_same_oldest_driver():
    assert f"driver {doctor.OLDEST_DRIVER} or newer" in (ROOT / "README.md").read_text()
    assert f"driver {doctor.OLDEST_DRIVER} or newer" in (ROOT / "environment.yml").read_text()


def test_launcher_uses_the_standard_library_only():
    allowed = sys.stdlib_module_names
    for name in imported_names(ROOT / "course"):
        assert name.split(".")[0] in allowed


def deptry(*arguments: object) -> subprocess.CompletedProcess:
    command = [Path(sysconfig.get_path("scripts")) / "deptry", "--no-ansi", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def code_of_the_notebooks(folder: Path) -> None:
    """Writes the Python of every notebook and lecture page into `folder`, a file each."""
    for path in [*ROOT.glob("notebooks/*/*.ipynb"), *ROOT.glob("lectures/*.ipynb")]:
        cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in cells]
        lines = "\n".join(source for source in sources if not source.startswith("%%")).split("\n")
        kept = [line for line in lines if not line.lstrip().startswith(("%", "!"))]
        (folder / f"{path.stem}_cells.py").write_text("\n".join(kept), "utf-8")


def test_everything_that_is_imported_is_declared_and_everything_declared_is_used(tmp_path):
    code_of_the_notebooks(tmp_path)
    done = deptry(".", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Skipping" not in done.stderr


def test_everything_that_tests_and_benchmarks_import_is_declared():
    left_out = ["--exclude", r"\.venv|\.git", "--extend-exclude", "tests/mutants|release|workspace"]
    done = deptry(".", *left_out, "--ignore", "DEP002,DEP004")
    assert done.returncode == 0, done.stderr


def test_an_import_that_nothing_declares_is_found(tmp_path):
    (tmp_path / "cell.py").write_text("import bleach\nimport playwright\n")
    done = deptry(".", tmp_path)
    assert "DEP003 'bleach'" in done.stderr
    assert "DEP004 'playwright'" in done.stderr


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """What students get, in a folder of its own."""
    folder = tmp_path_factory.mktemp("edition with space")
    copy_parts(ROOT, folder)
    return folder


INSTALLERS = {
    "pip": [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "wheels", "."],
    "uv": [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "-o", "wheels"],
}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_wheel_which_would_lack_notebooks_and_kernels_is_refused_in_one_line(edition, installer):
    done = subprocess.run(INSTALLERS[installer], cwd=edition, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if "course" in line.lower()]
    (line,) = [line for line in said if line.startswith("The course is a folder to work in, not a package")]
    assert 'pip install -c constraints.txt -e "."' in line
    assert list(edition.rglob("*.whl")) == []


@pytest.mark.slow
@pytest.mark.needs("compiler")
def test_an_editable_installation_has_the_command_course_and_runs_a_kernel(edition, tmp_path):
    """In an environment of one's own, called from anywhere; packages come from that of the tests."""
    venv = tmp_path / "own"
    make = [sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, venv]
    subprocess.run(make, check=True, timeout=60)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(sysconfig.get_path("purelib"))
    install = ["uv", "pip", "install", "--python", venv, "--no-deps", "--no-build-isolation", "--offline"]
    done = subprocess.run([sys.executable, "-m", *install, "-e", edition], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (venv / "etc" / "jupyter" / "jupyter_server_config.d" / "course_lib.json").is_file()
    environment = {**os.environ, "COURSE_CACHE": str(tmp_path / "cache"), "COURSE_DEVICE": "host"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [venv / "bin" / "course", "doctor"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "one has run on the CPU" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "cache").is_dir()
    shown = subprocess.run([venv / "bin" / "course", "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert "submit" in shown.stdout
    assert "release" not in shown.stdout  # it is the students' edition that answers


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
