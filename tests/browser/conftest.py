"""A JupyterLab that a student would have, new for each file of browser tests."""

import pytest

from benchmarks.labpage import LabPage, chromium, lab


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def student_lab(workspace):
    """Address of `./course lab` on a new workspace."""
    with lab(workspace) as address:
        yield address


@pytest.fixture
def page(playwright, student_lab):
    """A new browser page of that JupyterLab; a test that leaves errors or asks other machines fails."""
    with chromium(playwright) as context:
        lab_page = LabPage(context.new_page(), student_lab)
        lab_page.page.set_default_timeout(60e3)
        yield lab_page
        assert lab_page.console_errors == []
        assert lab_page.requests_elsewhere == []
