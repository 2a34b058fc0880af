"""What Binder and devcontainers are told agrees with the course; they themselves do not run here."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from course_lib.commands import servers, start_page

ROOT = Path(__file__).resolve().parents[1]
BINDER, SETTINGS = ROOT / "binder", servers.SETTINGS
OLDEST = Requirement(
    "python" + tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
)


def test_binder_has_one_python_which_the_course_supports_and_no_versions_of_its_own():
    lines = (BINDER / "environment.yml").read_text().splitlines()
    wanted = [line.removeprefix("  - ") for line in lines if line.startswith("  - ") and "forge" not in line]
    python, pip = wanted
    assert python.removeprefix("python=") in OLDEST.specifier
    assert pip == "pip"
    assert (BINDER / "apt.txt").read_text().split() == ["g++"]
    assert "pip install --no-cache-dir -c constraints.txt -e ." in (BINDER / "postBuild").read_text()


def test_binders_scripts_run_and_start_ends_in_the_command_it_is_given(tmp_path):
    for name in ("postBuild", "start"):
        assert os.access(BINDER / name, os.X_OK)
        subprocess.run(["bash", "-n", BINDER / name], check=True)
    command = [BINDER / "start", "sh", "-c", 'echo "$JUPYTER_CONFIG_PATH"; echo "$1"', "sh", "a b"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [str(SETTINGS / "student"), "a b"]
    code = re.search(r'python -c "(.*)"', (BINDER / "postBuild").read_text())[1]
    assert "workspace.prepare()" in code
    compile(code, "postBuild", "exec")


def test_the_address_for_binder_opens_the_page_that_the_workspace_has():
    page = (ROOT / "docs" / "hub.md").read_text("utf-8")
    (path,) = re.findall(r"\?urlpath=lab/tree/([\w./]+)", page)
    assert path == f"{(ROOT / 'workspace').name}/start.md"
    assert start_page.page()


def test_a_devcontainer_installs_and_starts_what_the_launcher_offers():
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    python = re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:(\d\.\d+)-\w+", told["image"])[1]
    assert python in OLDEST.specifier
    assert told["postCreateCommand"].endswith("./course doctor")
    (port,) = told["forwardPorts"]
    assert told["postAttachCommand"] == f"./course lab --cpu --no-browser --port {port}"
    assert set(told["portsAttributes"]) == {str(port)}
    readme = (ROOT / "README.md").read_text()
    assert f"PIP_EXTRA_INDEX_URL={told['containerEnv']['PIP_EXTRA_INDEX_URL']} ./course lab" in readme


def test_a_hub_starts_servers_as_course_lab_does(monkeypatch):
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.setenv("COURSE_EXCHANGE", "/srv/exchange")
    config = PyFileConfigLoader(str(SETTINGS / "jupyterhub_config.py")).load_config().Spawner
    assert sorted(config.args) == sorted(servers.QUIET)
    assert config.environment["JUPYTER_CONFIG_PATH"] == servers.student_settings()["JUPYTER_CONFIG_PATH"]
    assert config.environment["COURSE_EXCHANGE"] == "/srv/exchange"
    monkeypatch.delenv("COURSE_EXCHANGE")
    config = PyFileConfigLoader(str(SETTINGS / "jupyterhub_config.py")).load_config().Spawner
    assert "COURSE_EXCHANGE" not in config.environment
    assert config.environment["JUPYTER_CONFIG_PATH"] == str(SETTINGS / "student")


def test_students_and_instructors_agree_about_the_exchange(monkeypatch):
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.setenv("COURSE_EXCHANGE", "/srv/exchange")
    monkeypatch.setenv("COURSE_WORKSPACE", "/home/ada/work")
    student = PyFileConfigLoader(str(SETTINGS / "exchange" / "nbgrader_config.py")).load_config()
    instructor = PyFileConfigLoader(str(ROOT / "nbgrader_config.py")).load_config()
    assert student.Exchange.root == instructor.Exchange.root == "/srv/exchange"
    assert student.Exchange.assignment_dir == "/home/ada/work"
    for name in ("course_id", "ignore"):
        assert student.CourseDirectory[name] == instructor.CourseDirectory[name]
    monkeypatch.delenv("COURSE_EXCHANGE")
    assert "root" not in PyFileConfigLoader(str(ROOT / "nbgrader_config.py")).load_config().Exchange
