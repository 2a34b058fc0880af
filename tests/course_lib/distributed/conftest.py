"""One set of ranks for all tests of this folder: starting them takes seconds of processor."""

import pytest

from course_lib.ranks.processes import Ranks


@pytest.fixture(scope="package")
def ranks():
    with Ranks(4, progress=False) as started:
        yield started
