"""The launcher under settings that a user made for other work: of pip, of uv and of Python."""

import os
import subprocess
import sys

import pytest

from tests import launcher


@pytest.fixture
def course():
    return launcher.load()


@pytest.fixture
def pip_configured(course, monkeypatch, tmp_path):
    """pip_configured(text of pip.conf, **PIP_ variables) makes them all that pip finds."""
    monkeypatch.setattr(course, "venv_python", lambda: sys.executable)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)

    def configure(text: str, **variables: str) -> None:
        (tmp_path / "pip.conf").write_text(text)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return configure


def test_pips_settings_of_the_network_are_found_wherever_they_are_made(course, pip_configured):
    pip_configured("")
    machine = course.pip_settings()  # what stands in /etc
    pip_configured(
        "[global]\nindex-url = https://mirror.example.org/simple\ntimeout = 5\n[install]\ntimeout = 9\n"
    )
    assert course.pip_settings() == machine | {
        "index-url": "https://mirror.example.org/simple",
        "timeout": "9",
    }
    pip_configured(
        "[global]\ncert = one.pem\n", PIP_CERT="two.pem", PIP_EXTRA_INDEX_URL="https://example.org/cpu"
    )
    assert course.pip_settings() == machine | {
        "cert": "two.pem",
        "extra-index-url": "https://example.org/cpu",
    }


SPOILING = {
    "user": "1", "target": "elsewhere", "prefix": "elsewhere", "root": "elsewhere", "no-deps": "1",
    "require-hashes": "1", "dry-run": "1", "constraint": "nowhere.txt", "no-binary": ":all:",
    "platform": "win32", "report": "report.json",
}  # fmt: skip


@pytest.mark.parametrize("where", ["variables", "file"])
def test_what_a_user_set_for_other_work_does_not_spoil_the_installation(
    course, pip_configured, tmp_path, where
):
    """pip itself takes an empty package under the environment that is handed to it."""
    package = tmp_path / "one"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[project]\nname = "one_of_ours"\nversion = "1"\n[tool.setuptools]\npy-modules = []\n'
    )
    variables = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in SPOILING.items()}
    lines = [f"{name} = {value}" for name, value in SPOILING.items()]
    if where == "variables":
        pip_configured("", **variables)
    else:
        pip_configured("\n".join(["[install]", *lines]))
    environment = course.for_the_installer(course.pip_settings())
    assert environment["PIP_CONFIG_FILE"] == os.devnull
    assert variables.keys().isdisjoint(environment)
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-build-isolation", "-q"]
    done = subprocess.run(
        [*command, str(package)], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_uv_too_keeps_what_says_how_the_network_is_reached_and_nothing_else(course, monkeypatch):
    kept = {"UV_INDEX_URL": "https://example.org", "UV_NATIVE_TLS": "1", "HTTPS_PROXY": "http://p:1"}
    lost = {"UV_REQUIRE_HASHES": "1", "UV_TARGET": "elsewhere", "PYTHONPATH": "elsewhere"}
    for name, value in (kept | lost).items():
        monkeypatch.setenv(name, value)
    environment = course.for_the_installer({"cert": "ca.pem"})
    assert environment["PIP_CERT"] == "ca.pem"
    assert kept.items() <= environment.items()
    assert lost.keys().isdisjoint(environment)


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONOPTIMIZE": "1"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONPATH": "/nowhere"},
        {"PYTHONINSPECT": "1"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_pythons_settings_for_other_work_end_at_the_launcher(course, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    handed = {}
    monkeypatch.setattr(os, "execve", lambda python, command, environment: handed.update(environment))
    course.hand_over(sys.executable, ["lab"])
    assert variables.keys().isdisjoint(handed)
    assert handed["PYTHONNOUSERSITE"] == "1"
    assert handed["PATH"] == os.environ["PATH"]
