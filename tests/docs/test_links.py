"""No page leads to a file that is not there, nor names a program of this repository that is not."""

import re

import pytest

from course_lib.commands import workspace
from course_lib.paths import ROOT

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page):
    relative = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in relative if not (page.parent / link).exists()] == []


def test_what_a_page_in_the_workspace_links_to_is_brought_with_it():
    brought = {path for pattern in workspace.PAGES for path in (ROOT / "docs").glob(pattern)}
    pages = [path for path in brought if path.suffix == ".md"]
    assert len(pages) >= 2
    for page in pages:
        links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
        assert [link for link in links if (page.parent / link).resolve() not in brought] == []


def test_the_page_for_contributors_names_what_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = re.findall(r"`([\w./]+/[\w./]*|[\w/]+\.(?:py|md|toml|txt|yml|cff))`", text)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()
