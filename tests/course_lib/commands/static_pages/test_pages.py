"""The folder of pages is whole or not there, needs nothing outside it, and overwrites nothing."""

import re
import signal
import subprocess
import sys
import time

import pytest

from course_lib.commands.cli import main
from course_lib.commands.static_pages import pages
from course_lib.errors import UserError
from course_lib.paths import ROOT
from tests.course_lib.commands.static_pages.unpacking import read, unpacked

LECTURES = ROOT / "lectures"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """One demo that trains nothing, and what the command says of it."""
    return pages.export(LECTURES, tmp_path_factory.mktemp("pages") / "demos", "strides")


def test_a_demo_is_a_page_its_data_and_one_plotly_for_all(exported):
    there = {str(path.relative_to(exported.folder)) for path in exported.folder.rglob("*") if path.is_file()}
    assert {"index.html", "strides.html", "strides.js", "plotly.min.js", "page.js", "page.css"} <= there
    assert exported.demos == 1
    assert exported.states == 4 * 3 * 2 * 2
    assert (
        exported.compressed
        < exported.nbytes
        == sum(path.stat().st_size for path in exported.folder.rglob("*") if path.is_file())
    )
    assert "plotly.js v" not in (exported.folder / "strides.js").read_text("utf-8")


def test_every_state_has_a_figure_with_its_finding(exported):
    values, (demo,) = read(exported.folder / "strides.js")
    nodes, places = [demo["tree"]], []
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            nodes += node["c"]
        else:
            places.append(node)
    figures = [unpacked({"$": place}, values) for place in places]
    assert len(figures) == exported.states
    assert all(figure["finding"].startswith("shape (") for figure in figures)
    assert len({(figure["finding"], str(figure["data"])) for figure in figures}) > 30


def test_a_page_names_machine_and_day_and_links_stay_in_the_folder(exported):
    text = (exported.folder / "strides.html").read_text("utf-8")
    assert re.search(r"Computed on .+, \w+ \d+, \d{4}, by the course's own code, version \d", text)
    assert "Every state of the controls is here." in text
    assert "Ask the room" in text
    for page in exported.folder.glob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text("utf-8")):
            assert link.startswith("data:") or (exported.folder / link).is_file(), link


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["demo", "--export", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UserError, match="not an empty folder"):
        pages.export(LECTURES, tmp_path / "mine.txt")


def test_a_demo_that_is_not_there_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match="no demo 'stride'; there are: attention"):
        pages.export(LECTURES, tmp_path / "new", "stride")
    assert list(tmp_path.iterdir()) == []


def test_a_polite_kill_leaves_nothing_behind(tmp_path):
    command = [sys.executable, "-m", "course_lib", "demo", "--export", str(tmp_path / "new")]
    process = subprocess.Popen(command, cwd=ROOT)
    while not list(tmp_path.glob(".new.*/page.css")):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 143
    assert list(tmp_path.iterdir()) == []
