"""Lecture pages: each is listed in the gallery, in canonical form, and shows its widget when it runs."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))
DEMOS = [lecture for lecture in LECTURES if lecture.stem != "gallery"]

QUICKEST = ("batching", "parallelism")


def test_gallery_lists_every_demo_and_nothing_else():
    gallery = nbformat.read(ROOT / "lectures" / "gallery.ipynb", as_version=4)
    linked = re.findall(r"\]\((\w+)\.ipynb\)", "\n".join(cell.source for cell in gallery.cells))
    assert sorted(linked) == [lecture.stem for lecture in DEMOS]
    assert DEMOS


def test_gallery_shows_a_picture_of_every_demo_and_says_what_it_shows():
    gallery = nbformat.read(ROOT / "lectures" / "gallery.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in gallery.cells)
    shown = re.findall(r"!\[([^\]]{20,})\]\(pictures/(\w+)\.png\) \| \[[^\]]+\]\((\w+)\.ipynb\)", text)
    assert [picture for _, picture, _ in shown] == [demo for *_, demo in shown]
    assert sorted(demo for *_, demo in shown) == [lecture.stem for lecture in DEMOS]
    for lecture in DEMOS:
        picture = ROOT / "lectures" / "pictures" / f"{lecture.stem}.png"
        assert 1000 < picture.stat().st_size < 100_000


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.stem)
def test_page_is_canonical_and_without_outputs(lecture):
    text = lecture.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert '"output_type"' not in text


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.stem)
def test_no_line_of_code_is_longer_than_a_projector_shows(lecture):
    code = [cell for cell in nbformat.read(lecture, as_version=4).cells if cell.cell_type == "code"]
    assert not [line for cell in code for line in cell.source.split("\n") if len(line) > 100]


@pytest.fixture(scope="module")
def kernel():
    """One for all pages: starting it and importing take most of what a page takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NBGRADER_EXECUTION", raising=False)
        manager = KernelManager()
        manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "lecture",
    [pytest.param(demo, marks=() if demo.stem in QUICKEST else pytest.mark.slow) for demo in DEMOS],
    ids=lambda lecture: lecture.stem,
)
def test_demo_page_runs_and_shows_its_widget(lecture, kernel, tmp_path):
    notebook = nbformat.read(lecture, as_version=4)
    notebook.cells.insert(0, new_code_cell("%reset -f"))  # nothing that another page has imported
    NotebookClient(notebook, km=kernel, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in shown)
