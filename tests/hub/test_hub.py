"""A real JupyterHub on the shared installation: from a student's first login to the feedback that is fetched.

COURSE_SCREENSHOTS=FOLDER keeps pictures.
"""

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.labpage import context, launched
from tests.hub.conftest import ASSIGNMENT, NOTEBOOK
from tests.hub.hub import PASSWORD, Hub

pytestmark = [pytest.mark.slow, pytest.mark.needs("accounts", "hub", "browser", "compiler", "sandbox")]
COURSE = "default_course"
WAIT = 300e3  # milliseconds, on a machine that may be busy
# Types a line into a terminal of the server whose page is open, and resolves to what was printed.
TERMINAL = """async (line) => {
  const base = location.pathname.split('/').slice(0, 3).join('/');
  const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
  const made = await fetch(base + '/api/terminals', {method: 'POST', headers: {'X-XSRFToken': xsrf}});
  const name = (await made.json()).name;
  const socket = new WebSocket(location.origin.replace('http', 'ws') + base + '/terminals/websocket/' + name);
  let printed = '';
  return await new Promise((resolve) => {
    socket.onmessage = (event) => {
      const [kind, text] = JSON.parse(event.data);
      if (kind === 'setup') socket.send(JSON.stringify(['stdin', line + '; echo ENDED-$?\\r']));
      if (kind === 'stdout') printed += text;
      if (/ENDED-[0-9]+/.test(printed)) { socket.close(); resolve(printed); }
    };
  });
}"""


@pytest.fixture(scope="module")
def hub(installed, tmp_path_factory):
    started = Hub(installed, tmp_path_factory.mktemp("hub") / "hub.log")
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def chromium(playwright):
    with launched(playwright) as browser:
        yield browser


@pytest.fixture
def logged_in(hub, chromium):
    """logged_in(name) -> a page of that person's JupyterLab, reached through the hub's login."""
    with context(chromium) as ada, context(chromium) as grace:
        contexts = {"ada": ada, "grace": grace}

        def enter(name: str):
            page = contexts[name].new_page()
            page.set_default_timeout(WAIT)
            page.goto(hub.url + "/hub/login")
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.locator("#login_submit").click()
            page.wait_for_url(f"**/user/{name}/lab**")
            page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
            return page

        yield enter


def shot(page, name: str) -> None:
    if folder := os.environ.get("COURSE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def typed(page, line: str) -> str:
    """What a line printed in the hub's terminal, which must end well."""
    printed = page.evaluate(TERMINAL, line)
    assert "ENDED-0" in printed, printed
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", printed)


def listed(hub, name: str) -> dict[str, str]:
    """assignment -> its state in a student's Assignment List."""
    found = hub.user("GET", name, "assignments", params={"course_id": COURSE}).json()
    assert found["success"], found
    return {each["assignment_id"]: each["status"] for each in found["value"]}


def test_a_class_works_on_a_hub_from_the_first_login_to_the_feedback(installed, hub, logged_in):
    homes = {name: installed.machine.home(name) for name in ("ada", "ben")}
    installed.taught("nbgrader", "release_assignment", ASSIGNMENT)

    # Both servers start at once; the notebooks are there, each student's own.
    hub.start("ada", "ben")
    for name, home in homes.items():
        found = hub.user("GET", name, f"api/contents/workbook/{ASSIGNMENT}/{NOTEBOOK}.ipynb")
        assert found.json()["type"] == "notebook", hub.log()
        mine = home / "workbook" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        assert mine.stat().st_uid == home.stat().st_uid
        assert listed(hub, name) == {ASSIGNMENT: "fetched"}
    page = hub.user("GET", "ben", "lab").text
    assert '"@jupyter/nbgrader:formgrader"' in page
    assert '"@jupyter/nbgrader:assignment-list"' not in page.split("disabledExtensions")[1].split("]")[0]
    assert "frame-ancestors 'none'" in hub.user("GET", "ada", "lab").headers["Content-Security-Policy"]
    # One student's server is not another's.
    done = installed.machine.run("ben", ["cat", homes["ada"] / "workbook" / "start.md"])
    assert "Permission denied" in done.stdout

    # ada solves it, checks and packs it in the hub's terminal, and hands it in by nbgrader.
    installed.solve("ada")
    page = logged_in("ada")
    expect(page.get_by_role("heading", name="Systems for machine learning")).to_be_visible(timeout=WAIT)
    shot(page, "hub_start")
    assert re.search(r"(\d+) of \1 visible tests pass", typed(page, f"course check {ASSIGNMENT}"))
    typed(page, f"course submit {ASSIGNMENT}")
    with zipfile.ZipFile(homes["ada"] / "workbook" / f"{ASSIGNMENT}-ada.zip") as packed:
        assert sorted(packed.namelist()) == [f"{NOTEBOOK}.ipynb", "receipt.json"]
    assert len(list((installed.drop / "inbound").glob(f"{ASSIGNMENT}-ada-*.zip"))) == 1
    assert f"{COURSE} {ASSIGNMENT}" in typed(page, "nbgrader list 2>&1")
    typed(page, f"umask 077; nbgrader submit {ASSIGNMENT} 2>&1")

    # ben has deleted the folder, fetches it by the Assignment List, and hands in what is there.
    shutil.rmtree(homes["ben"] / "workbook" / ASSIGNMENT)
    assert listed(hub, "ben") == {ASSIGNMENT: "released"}
    one = {"course_id": COURSE, "assignment_id": ASSIGNMENT}
    assert hub.user("POST", "ben", "assignments/fetch", json=one).ok
    assert listed(hub, "ben") == {ASSIGNMENT: "fetched"}
    answer = hub.user("POST", "ben", "assignments/submit", json=one).json()
    assert answer["success"], answer

    # grace, an account like others, collects, grades, and gives the feedback back.
    installed.taught("nbgrader", "collect", ASSIGNMENT)
    graded = installed.taught("course", "grade", ASSIGNMENT)
    assert {"ada", "ben"} <= set(re.findall(r"\w+", graded))
    installed.taught("course", "feedback", ASSIGNMENT)
    installed.taught("nbgrader", "release_feedback", ASSIGNMENT)
    typed(page, f"nbgrader fetch_feedback {ASSIGNMENT} 2>&1")
    (fetched,) = (homes["ada"] / "workbook" / ASSIGNMENT / "feedback").glob(f"*/{NOTEBOOK}.html")
    text = fetched.read_text("utf-8")
    assert "canary-" not in text
    assert "7.0 / 10.0" in text  # all tests; nobody has marked the written answer
    assert hub.user("POST", "ben", "assignments/fetch_feedback", json=one).ok
    assert len(list((homes["ben"] / "workbook" / ASSIGNMENT / "feedback").glob(f"*/{NOTEBOOK}.html"))) == 1

    # A server that starts again overwrites nothing.
    written = (homes["ada"] / "workbook" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes()
    assert hub.api("DELETE", "users/ada/server").status_code in (202, 204)
    hub.start("ada")
    assert (homes["ada"] / "workbook" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_bytes() == written


def test_formgrader_opens_inside_the_instructors_jupyterlab(hub, logged_in):
    page = logged_in("grace")
    page.evaluate("() => { window.jupyterapp.commands.execute('nbgrader:open-formgrader') }")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name=ASSIGNMENT).first).to_be_visible(timeout=WAIT)
    shot(page, "hub_formgrader")
    # The instructors' server makes no student's workspace.
    assert "notebooks could not be brought" not in hub.log()
