"""docs/architecture.md names what is there, and its picture is that of the code as it is."""

import re
from itertools import pairwise

from course_lib.paths import ROOT
from docs import draw_architecture
from tests.layers import FLOORS

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_the_picture_shows_the_imports_as_they_are():
    drawn = draw_architecture.PICTURE.read_text("utf-8")
    assert draw_architecture.draw() == drawn, "run .venv/bin/python -m docs.draw_architecture"


def test_an_arrow_stands_for_an_import_inside_a_function_too(tmp_path):
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "engine.py").write_text("from course_lib.costs import memory\n")
    (tmp_path / "serving" / "live.py").write_text("def run():\n    from course_lib import kv_cache\n")
    (tmp_path / "seeds.py").write_text("import numpy\n")
    assert draw_architecture.rooms(tmp_path) == {"serving": {"costs", "kv_cache"}, "seeds": set()}


def test_every_module_is_in_the_picture_and_no_two_boxes_touch():
    boxes = draw_architecture.boxes()
    width = draw_architecture.place(boxes)
    there = {path.stem for path in (ROOT / "course_lib").iterdir() if not path.name.startswith("__")}
    # demos are shown one by one.
    assert {box.name for box in boxes} >= (there & set().union(*FLOORS.values()) | {"examination"}) - {
        "demos"
    }
    for row in draw_architecture.ROWS:
        here = sorted((box for box in boxes if box.row == row), key=lambda box: box.x)
        assert here[0].x - here[0].width / 2 > 90
        assert here[-1].x + here[-1].width / 2 < width - 10
        for left, right in pairwise(here):
            assert right.x - left.x > (left.width + right.width) / 2
    # 13 pixels high, a letter is about 7 wide.
    lines = re.findall(r'text-anchor="middle"[^>]*>([^<]+)<', draw_architecture.draw())
    assert max(map(len, lines)) * 7 < 92


def test_every_notebook_leads_to_its_demo():
    shown = draw_architecture.notebooks()
    assert len(shown) >= 11
    for name, demos in shown.items():
        if name.startswith("q"):
            assert len(demos) == 1, f"{name} shows {demos}"


def test_every_file_that_the_page_names_is_there_and_holds_what_it_names():
    code = re.findall(r"`([\w./]+)`", PAGE)
    paths = [name for name in code if "/" in name and not name.isupper()]
    made = {"autograded/", "submitted/STUDENT/ASSIGNMENT/"}  # by the commands, not in the repository
    missing = [name for name in paths if name not in made and not (ROOT / name).exists()]
    assert len(paths) > 40
    assert missing == []
    named = re.findall(r"`([\w/]+\.py)`\s+\(`(\w+)`\)", PAGE)
    assert len(named) > 20
    for path, name in named:
        source = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^\s*(def|class) {name}\b", source, re.MULTILINE), f"{path} has no {name}"


def test_every_module_of_course_lib_has_its_place_on_the_page():
    for floor in ("engines", "facts", "ground"):
        for name in FLOORS[floor]:
            if (ROOT / "course_lib" / f"{name}.py").exists():
                assert f"`course_lib/{name}.py`" in PAGE
            elif (ROOT / "course_lib" / name).exists():
                assert f"`course_lib/{name}/`" in PAGE
