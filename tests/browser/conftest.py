"""A JupyterLab that a student would have and a browser, one of each for all browser tests of a process."""

import fcntl
import os
import pickle
from collections.abc import Iterator

import pytest

from benchmarks.labpage import LabPage, context, lab, launched
from course_lib.commands.static_pages import pages
from course_lib.paths import ROOT


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="session")
def settings_of_other_work(tmp_path_factory):
    """Variables of a user who has set up Jupyter, IPython and a proxy for something else."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "jupyter_server_config.py").write_text(
        "c.ServerApp.base_url = '/user/ada/'\nc.IdentityProvider.token = 'other'\n"
    )
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text('{"argv": ["false"], "display_name": "Python 3", "language": "python"}')
    startup = folder / "profile_default" / "startup" / "00_mine.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("raise SystemExit('a start-up file of other work runs in the course')")
    folders = dict.fromkeys(("JUPYTER_CONFIG_DIR", "JUPYTER_PATH", "IPYTHONDIR"), str(folder))
    return {**folders, "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}


@pytest.fixture(scope="session")
def student_lab(workspace, settings_of_other_work):
    """Address of `./course lab` on a new workspace, started under settings that must not reach it."""
    with lab(workspace, environment={**os.environ, **settings_of_other_work}) as address:
        yield address


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """All demos as a folder of pages. The processes of one test run share it: it takes minutes."""
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    known = run / "exported.pickle"
    with open(run / "exported.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            known.write_bytes(pickle.dumps(pages.export(ROOT / "lectures", run / "exported")))
    return pickle.loads(known.read_bytes())


@pytest.fixture(scope="session")
def chromium(playwright):
    with launched(playwright) as browser:
        yield browser


@pytest.fixture
def page(chromium, student_lab):
    """A new browser page of that JupyterLab; a test that leaves errors or asks other machines fails."""
    with context(chromium) as fresh:
        yield from visit(LabPage(fresh.new_page(), student_lab))


@pytest.fixture(scope="module")
def kept(chromium):
    """The context of `same_page`."""
    with context(chromium) as fresh:
        yield fresh


@pytest.fixture
def same_page(request, kept, student_lab):
    """As `page`, but the page of the module's test before, if that has passed."""
    page, failures = (kept.pages or [kept.new_page()])[0], request.session.testsfailed
    yield from visit(LabPage(page, student_lab))
    if request.session.testsfailed > failures:
        page.close()


def visit(lab_page: LabPage) -> Iterator[LabPage]:
    """What a test has of a page; afterwards, what the test must not have left."""
    lab_page.page.set_default_timeout(60e3)
    yield lab_page
    assert lab_page.console_errors == []
    assert lab_page.requests_elsewhere == []
    lab_page.shut_down()
