"""The grader's warm process: what submissions use is imported, and what it forks is confined."""

import contextlib
import dataclasses
import os
import re
import resource
import tempfile
from collections.abc import Iterable
from pathlib import Path

from autograder import control_group
from autograder.sandbox import Limits
from course_lib.cuda.build import runtime
from course_lib.cuda.cache import cache_folder
from course_lib.cuda.compiler import compilers
from course_lib.cuda.errors import CourseFault
from course_lib.examination import warm
from course_lib.examination.assignment import Assignment

# Packages that submissions use, and what a first use of each imports besides: every fork would do it again.
PACKAGES = {
    "numpy": (),
    "scipy": ("scipy.optimize", "scipy.linalg", "scipy.special"),
    "sklearn": ("sklearn.datasets", "sklearn.model_selection"),
    "torch": ("torch._dynamo", "torch.optim", "torch.nn.functional", "torch.utils.data", "torch.distributed"),
    "plotly": ("plotly.graph_objects", "plotly.express", "plotly.io"),
    "ipywidgets": (),
}


def expected(assignment: Assignment, sources: Iterable[str]) -> list[str]:
    """What to import before a notebook with these cells is run, in a process that is not confined.

    That is what the instructor's cells import, and of what the student's name only the packages known here.
    """
    words = set(re.findall(r"[a-z]+", "\n".join(sources)))
    named = [package for package in PACKAGES if package in words]
    return [*assignment.modules, *(name for package in named for name in (package, *PACKAGES[package]))]


class Warm(warm.OwnWarm):
    """Forks confined processes within `limits`; with `confined=False`, ordinary ones.

    Nothing of this program's environment goes into it.
    """

    def __init__(self, confined: bool = True, limits: Limits | None = None):
        _allow_many_descriptors()
        self._home = tempfile.TemporaryDirectory(prefix="course_grader_")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": self._home.name,
            "PLOTLY_RENDERER": "plotly_mimetype",
            "NBGRADER_EXECUTION": "autograde",
            "COURSE_DEVICE": "host",
            "COURSE_CACHE": str(cache_folder().parent),
            "JUPYTER_PLATFORM_DIRS": "1",
            # All objects on huge pages: a fork copies 1/512 of the page tables, in a third of the time.
            "PYTHONMALLOC": "malloc",
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        }
        super().__init__(
            "autograder.sandbox" if confined else "course_lib.examination.unconfined",
            dataclasses.asdict(limits or Limits(group=str(control_group.parent() or ""))),
            environment,
            Path(self._home.name),
            carry=_kernel_runtime() if confined else (),
        )

    def close(self) -> None:
        """End it; what it forked ends with it."""
        super().close()
        self._home.cleanup()


def _allow_many_descriptors() -> None:
    """As many as this process may have, for it and the warm process that it starts.

    Descriptors on their way through sockets are counted for the account, and held against the limit of
    whoever sends the next: what a submission leaves in its own socket, within its lower limit, stops nobody.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _kernel_runtime() -> list[Path]:
    """What every kernel is linked with, compiled once for all submissions."""
    found = compilers()
    with contextlib.suppress(CourseFault, OSError):  # then each submission finds out by itself
        return [path for inspected in (False, True) for path in runtime(found[0], inspected)] if found else []
    return []
