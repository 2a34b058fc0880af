"""Data flows one way: each module imports only what stands below it, and no circle stands anywhere."""

import graphlib

import pytest

from tests.layers import EXAMINATION, EXAMINATION_USES, FLOORS, ROOT, TOGETHER, imported_names, module_name

NAMES = list(FLOORS)
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


def may_use(room: str) -> set[str]:
    """The rooms of course_lib that a room may import."""
    if room == EXAMINATION:
        return {other for floor in EXAMINATION_USES for other in FLOORS[floor]} | {room}
    floor = FLOOR_OF[room]
    below = NAMES[: NAMES.index(floor)]
    used = {other for name in below for other in FLOORS[name]} | {room}
    if floor in TOGETHER:
        used |= FLOORS[floor]
    return used | {EXAMINATION} if floor == "commands" else used


MODULES = sorted((ROOT / "course_lib").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_course_lib_imports_only_from_its_own_floor_and_below(path):
    room = path.relative_to(ROOT / "course_lib").parts[0].removesuffix(".py")
    if room == "__init__":
        assert imported_names(path) == set()
        return
    assert room in FLOOR_OF or room == EXAMINATION, f"{room} stands on no floor yet; name one here"
    for name in imported_names(path):
        parts = name.split(".")
        assert parts[0] != "autograder"
        if parts[0] == "course_lib" and len(parts) > 1 and parts[1] != "__version__":
            assert parts[1] in may_use(room), f"{room} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "autograder").rglob("*.py")), ids=lambda path: path.name)
def test_the_autograder_imports_no_topic_and_no_demo(path):
    allowed = {"ground", "kernels", "notebook", "commands"}
    for name in imported_names(path):
        parts = name.split(".")
        if parts[0] == "course_lib" and len(parts) > 1:
            assert parts[1] == EXAMINATION or FLOOR_OF[parts[1]] in allowed, f"imports {name}"


def test_every_room_that_stands_on_a_floor_is_there():
    there = {path.name.removesuffix(".py") for path in (ROOT / "course_lib").iterdir()}
    assert {*FLOOR_OF, EXAMINATION} - there == set()


@pytest.mark.parametrize("package", ["course_lib", "autograder", "benchmarks"])
def test_no_module_imports_itself_through_others(package):
    """Imports inside functions count too: they hide a circle, they do not break it."""
    files = {module_name(path): path for path in sorted((ROOT / package).rglob("*.py"))}
    graph = {}
    for name, path in files.items():
        used = {other for other in imported_names(path) if other in files}
        # A package that a module lies in is loaded before it; it does not use what it holds by that.
        graph[name] = {other for other in used if other != name and not name.startswith(f"{other}.")}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
