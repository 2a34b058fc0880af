"""The course is under the MIT license, and nothing that it installs forbids passing it on."""

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Licenses under which a package may be used, changed and passed on beside MIT code, as packages name them.
ALLOWED = re.compile(
    r"MIT(-0)?( License)?|(\d-Clause )?BSD( License)?|BSD-[23]-Clause|0BSD|ISC( License( \(ISCL\))?)?"
    r"|Apache([ -]2\.0| Software License| License, Version 2\.0)( WITH LLVM-exception)?"
    r"|PSF-2\.0|Python Software Foundation License|CNRI-Python|BSL-1\.0|Zlib|CC0-1\.0"
    r"|MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|(The )?Unlicense( \(Unlicense\))?"
)
# NVIDIA's own packages, which nobody but NVIDIA passes on: a user fetches them from the package index. Where
# one says nothing (cuda-toolkit is only a list of others), NVIDIA's own license is meant.
NVIDIA = re.compile(r"nvidia-[\w-]+|cuda-toolkit")
NVIDIA_LICENSE = re.compile(r"(LicenseRef-)?NVIDIA.*|Other/Proprietary License|nothing", re.IGNORECASE)
# What a package's metadata leaves open, judged by hand.
JUDGED = {
    "axe-playwright-python": "MIT, by its LICENSE; the axe-core in it is MPL-2.0 and only runs in our tests",
    "ciw": "MIT, by the LICENSE.txt that it carries; its metadata says nothing",
    "psycopg": "LGPL 3; only with the extras [postgres] and [test], unchanged and imported",
    "psycopg-binary": "LGPL 3; only with the extras [postgres] and [test], unchanged and imported",
    "text-unidecode": "Artistic License or GPL, as one likes; the Artistic License is taken",
}


def closure(lines: list[str]) -> set[str]:
    """The packages that are asked for, and all that they need here in turn."""
    waiting = [(Requirement(line), "") for line in lines]
    seen = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for extra in {"", *requirement.extras}:
            if (node := (canonicalize_name(requirement.name), extra)) in seen:
                continue
            seen.add(node)
            try:
                needed = metadata.requires(requirement.name) or []
            except metadata.PackageNotFoundError:
                continue
            waiting += [(Requirement(line), extra) for line in needed]
    return {name for name, _ in seen}


def license_of(name: str) -> str:
    """What the package's metadata says: an SPDX expression, else its classifiers, else the free field."""
    found = metadata.metadata(name)
    classifiers = [line.split(" :: ")[-1] for line in found.get_all("Classifier", []) if "License ::" in line]
    return (
        found.get("License-Expression")
        or " AND ".join(classifiers)
        or (found.get("License") or "nothing").splitlines()[0]
    )


def is_allowed(name: str, expression: str) -> bool:
    if NVIDIA.fullmatch(name) and NVIDIA_LICENSE.fullmatch(expression):
        return True
    choices = [choice.split(" AND ") for choice in expression.split(" OR ")]
    return any(all(ALLOWED.fullmatch(part) for part in parts) for parts in choices)


def asked_for() -> list[str]:
    return [
        *PROJECT["dependencies"],
        *(line for e in PROJECT["optional-dependencies"].values() for line in e),
    ]


def installed(names: set[str]) -> set[str]:
    here = {canonicalize_name(found.name) for found in metadata.distributions()}
    return names & here


def test_every_package_that_is_installed_has_a_license_that_was_looked_at():
    names = installed(closure(asked_for()))
    assert installed(closure(PROJECT["dependencies"])) > {
        "torch",
        "jupyterlab",
        "nbgrader",
        "numpy",
        "soupsieve",
    }
    table = {name: license_of(name) for name in sorted(names - JUDGED.keys())}
    refused = {name: text for name, text in table.items() if not is_allowed(name, text)}
    assert not refused, f"judge these by hand, then name them in JUDGED or do without: {refused}"


@pytest.mark.parametrize(
    ("name", "expression", "allowed"),
    [
        ("a", "MIT", True),
        ("a", "Apache-2.0 OR GPL-3.0-only", True),
        ("a", "Apache-2.0 AND GPL-3.0-only", False),
        ("a", "GNU General Public License v3 (GPLv3)", False),
        ("a", "(MIT OR GPL-3.0-only) AND GPL-3.0-only", False),
        ("a", "nothing", False),
        ("a", "LicenseRef-NVIDIA-Proprietary", False),
        ("nvidia-cublas", "LicenseRef-NVIDIA-Proprietary", True),
        ("nvidia-nvtx", "Other/Proprietary License", True),
        ("cuda-toolkit", "nothing", True),
        ("nvidia-cublas", "AGPL-3.0-only", False),
    ],
)
def test_a_license_is_judged_by_all_that_binds_whoever_uses_the_package(name, expression, allowed):
    assert is_allowed(name, expression) == allowed


def test_what_was_judged_by_hand_is_still_asked_for_and_still_open():
    names = closure(asked_for())
    assert JUDGED.keys() <= names
    assert not [name for name in installed(set(JUDGED)) if is_allowed(name, license_of(name))]


def test_the_course_says_its_own_license_once_and_the_same_everywhere():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 the authors of the workbook\n")
    assert PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert re.search(r"^license: MIT$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert "(LICENSE)" in (ROOT / "README.md").read_text("utf-8")
