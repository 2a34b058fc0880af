"""A JupyterLab that a student would have and a browser, one of each for all browser tests of a process."""

import pytest

from benchmarks.labpage import LabPage, context, lab, launched


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="session")
def student_lab(workspace):
    """Address of `./course lab` on a new workspace."""
    with lab(workspace) as address:
        yield address


@pytest.fixture(scope="session")
def chromium(playwright):
    with launched(playwright) as browser:
        yield browser


@pytest.fixture
def page(chromium, student_lab):
    """A new browser page of that JupyterLab; a test that leaves errors or asks other machines fails."""
    with context(chromium) as fresh:
        lab_page = LabPage(fresh.new_page(), student_lab)
        lab_page.page.set_default_timeout(60e3)
        yield lab_page
        assert lab_page.console_errors == []
        assert lab_page.requests_elsewhere == []
        lab_page.shut_down()
