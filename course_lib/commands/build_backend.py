"""How the course is installed: as setuptools does it where the folder itself is used, not at all as a wheel.

A wheel would hold the Python files and leave notebooks, kernels and data behind, which are edited in place.
pip and uv call these hooks (PEP 517, PEP 660); pip is refused before it fetches a single package.
"""

import sys

from setuptools import Distribution
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
)

REFUSAL = (
    "The course is a folder to work in, not a package: clone it and run ./course lab, "
    'or in an environment of your own: pip install -c constraints.txt -e "."'
)

# setuptools 84 asks a name that nothing has, and so leaves data files out of an editable installation: here
# the one that switches the extension of Jupyter's server on.
Distribution.has_data = Distribution.has_data_files

__all__ = ["build_editable", "get_requires_for_build_editable", "prepare_metadata_for_build_editable"]


def get_requires_for_build_wheel(config_settings: dict | None = None) -> list[str]:
    """Called first for anything but an editable installation; ends the installer's build with one line."""
    sys.exit(REFUSAL)


def build_wheel(
    wheel_directory: str, config_settings: dict | None = None, metadata_directory: str | None = None
) -> str:
    """The hook that PEP 517 demands; reached only by a caller that skips the one above."""
    sys.exit(REFUSAL)
