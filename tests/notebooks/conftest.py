"""A notebook is run once for all that is tried in it: its wrong solutions, and copies of the library."""

import pytest

from tests.forks import get_ready
from tests.notebooks.copying import readable_functions
from tests.notebooks.probing import Probing
from tests.notebooks.runner import NOTEBOOKS, ROOT, cells, grade_id
from tests.notebooks.trial import Rehearsal

AS_GRADED = {"NBGRADER_EXECUTION": "autograde", "COURSE_DEVICE": "host"}


def pytest_collection_modifyitems(items):
    """What is tried in a task stands together, and tasks stand in the order of their notebook."""
    tried = [item for item in items if "rehearsals" in getattr(item, "fixturenames", ())]
    if not tried:
        return
    order = [grade_id(cell) for path in NOTEBOOKS for cell in cells(path)]
    tried.sort(key=lambda item: order.index(item.callspec.params["task"]))
    together = set(tried)
    first = next(place for place, item in enumerate(items) if item in together)
    rest = [item for item in items if item not in together]
    items[:] = [*rest[:first], *tried, *rest[first:]]


@pytest.fixture(scope="session")
def rehearsals(tmp_path_factory):
    """path, task -> a process that has that task ahead; one at a time."""
    get_ready()
    kept = []

    def find(path, task):
        if not (kept and kept[0].path == path and kept[0].leads_to(task)):
            while kept:
                kept.pop().end()
            kept.append(Rehearsal(path, AS_GRADED, tmp_path_factory.mktemp(path.stem)))
        return kept[0]

    yield find
    while kept:
        kept.pop().end()


@pytest.fixture(scope="session")
def probing():
    """The process that has the library's functions ready to be tried."""
    get_ready()
    begun = Probing({module for module, _ in readable_functions(ROOT)})
    yield begun
    begun.end()
