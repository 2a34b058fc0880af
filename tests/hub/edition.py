"""A student edition as root installs it for everybody, without fetching its packages a second time."""

import importlib.machinery
import importlib.util
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from autograder.bundle import write_bundle
from autograder.course import Course

ROOT = Path(__file__).resolve().parents[2]
NBGRADER = "#!{}\nimport sys\nfrom nbgrader.apps.nbgraderapp import main\nsys.exit(main())\n"


def install(released: list[Path], destination: Path) -> Path:
    """The edition with the folders `released`; its .venv has its own `course`, and packages of the tests."""
    edition = write_bundle(Course(ROOT), released, destination)
    venv, packages = edition / ".venv", Path(sys.prefix)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, venv], check=True, timeout=60)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(sysconfig.get_path("purelib"))
    (venv / "share").symlink_to(packages / "share")
    shutil.copytree(packages / "etc", venv / "etc", ignore=shutil.ignore_patterns("course_lib.json"))
    plain = ["--no-deps", "--no-build-isolation", "--offline", "--no-cache"]
    install = [*uv, "pip", "install", "--quiet", "--python", venv, *plain, "-e", edition]
    subprocess.run(install, check=True, timeout=120)
    (venv / "bin" / "nbgrader").write_text(NBGRADER.format(venv / "bin" / "python"))
    (venv / "bin" / "nbgrader").chmod(0o755)
    launcher = _launcher(edition)
    Path(launcher.STAMP).write_text(json.dumps({"": launcher.wanted()}))
    return edition


def _launcher(edition: Path):
    loader = importlib.machinery.SourceFileLoader("course_of_the_edition", str(edition / "course"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
