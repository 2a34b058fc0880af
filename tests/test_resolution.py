"""The pinned set can be installed on every platform and Python that the course says it supports.

A machine that holds wheels of its own, of PyTorch without NVIDIA's libraries for one, never sees a conflict
that everybody else meets after half a gigabyte. So the package index is asked what it would deliver: one
question a platform and Python, for the course with all its extras together. What satisfies all of them
satisfies any one.
"""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.package_index import resolve

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OLDEST = PROJECT["requires-python"].removeprefix(">=")
PYTHONS = [OLDEST, "3.12", "3.13", "3.14"]
# PyTorch's wheels: Linux with glibc 2.28 or newer, Windows, Macs with Apple silicon and macOS 14 or newer.
PLATFORMS = ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "windows", "aarch64-apple-darwin"]
MACOS = {"MACOSX_DEPLOYMENT_TARGET": "14.0"}

pytestmark = [pytest.mark.slow, pytest.mark.needs("index")]


def resolved(platform: str, python: str, *more: str) -> dict[str, str]:
    """name -> version of what the index delivers; fails with uv's reason where it delivers nothing."""
    done = resolve(
        str(ROOT / "pyproject.toml"),
        f"--constraint={ROOT / 'constraints.txt'}",
        f"--python-platform={platform}",
        f"--python-version={python}",
        *more,
        **MACOS,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split("==") for line in done.stdout.splitlines())


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in found.items()}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pinned_set_resolves_with_every_extra_and_all_of_it_is_pinned(platform, python):
    found = resolved(platform, python, "--all-extras")
    assert found.items() <= pins().items()
    asked = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert asked <= found.keys()
    # Whoever has a GPU can multiply matrices with CuPy; NVIDIA makes nothing for Macs.
    of_nvidia = {"cupy-cuda13x", "cuda-bindings", "nvidia-cublas", "nvidia-cuda-nvrtc", "nvidia-cuda-runtime"}
    assert of_nvidia & found.keys() == (set() if "darwin" in platform else of_nvidia)


def test_pins_that_contradict_pytorchs_own_are_found(tmp_path):
    """These two stood in constraints.txt once, and no Linux machine could install."""
    wrong = tmp_path / "constraints.txt"
    text = (ROOT / "constraints.txt").read_text()
    wrong.write_text(text.replace("nvidia-cuda-nvrtc==13.0.88", "nvidia-cuda-nvrtc==13.5.37"))
    assert wrong.read_text() != text
    project, platform = str(ROOT / "pyproject.toml"), "--python-platform=x86_64-manylinux_2_28"
    done = resolve(project, f"--constraint={wrong}", platform, "--python-version=3.12")
    assert done.returncode != 0
    assert "nvidia-cuda-nvrtc" in done.stderr


def test_macs_with_intel_processors_are_still_without_pytorch():
    """When this fails, `course` and README.md refuse machines that could take part."""
    done = resolve("-", "--python-platform=x86_64-apple-darwin", text="torch==" + pins()["torch"], **MACOS)
    assert done.returncode != 0
    assert "torch" in done.stderr
