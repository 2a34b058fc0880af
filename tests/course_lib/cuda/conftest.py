"""With --all, every kernel that a test here compiles is compiled for the inspector, too: it takes no less."""

import pytest

from course_lib.cuda import module
from course_lib.cuda.build import build


@pytest.fixture(autouse=True)
def both_builds(request, monkeypatch):
    """Where the plain build takes a source, so does the inspected one; test_build counts builds itself."""
    if not request.config.getoption("--all") or request.path.name == "test_build.py":
        return

    def twice(source, filename, compiler, inspected=False):
        library = build(source, filename, compiler, inspected)
        if not inspected:
            build(source, filename, compiler, inspected=True)
        return library

    monkeypatch.setattr(module, "build", twice)
