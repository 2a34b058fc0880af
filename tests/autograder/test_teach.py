"""The instructor's JupyterLab: formgrader loads, grades with our engine, and shows the mark scheme."""

import nbformat
import pytest
from playwright.sync_api import expect

from autograder.grade import grade
from autograder.release import release
from benchmarks.labpage import LabPage, context, lab, launched
from tests.autograder.small_course import hand_in, make_course, points_by_cell, solved
from tests.autograder.submissions import submissions

WAIT = 900e3  # milliseconds; the machine may be busy
pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]


@pytest.fixture(scope="module")
def chromium(playwright):
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def taught(tmp_path_factory, empty_gradebook):
    """(course, address of its JupyterLab): started once, each test has students of its own."""
    folder = tmp_path_factory.mktemp("taught")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ROOT", str(folder / "course"))
        course = make_course(folder / "course", empty_gradebook)
        release(course, "q00_doubling")
        with lab(folder / "instructor", "teach") as address:
            yield course, address


def test_formgrader_opens_from_the_menu_grades_and_shows_the_scheme_beside_the_answer(
    taught, starter, chromium
):
    course, address = taught
    for student in ("reference", "noisy"):
        hand_in(course, student, submissions(starter)[student][0])
    list(grade(course, "q00_doubling", ["reference"]))
    with context(chromium) as pages:
        server, token = address.split("/lab/")[0], address.split("token=")[1].split("&")[0]
        page = pages.new_page()
        page.set_default_timeout(60e3)
        page.goto(address + "&reset")
        page.click(".lm-MenuBar-itemLabel:has-text('Nbgrader')")
        page.click(".lm-Menu-itemLabel:has-text('Formgrader')")
        frame = page.frame_locator("iframe").first
        frame.locator("text=q00_doubling").first.wait_for()

        answer = page.request.post(
            f"{server}/formgrader/api/submission/q00_doubling/noisy/autograde",
            headers={"Authorization": f"token {token}"},
            timeout=WAIT,
        )
        assert answer.json()["success"], answer.text()
        assert points_by_cell(course, "noisy")["q00_double_hidden"] == 2

        with course.gradebook() as gradebook:
            shown = gradebook.find_submission_notebook("doubling", "q00_doubling", "reference").id
        page.goto(f"{server}/formgrader/submissions/{shown}?token={token}")
        text = page.inner_text("body")
        assert "Doubling is exact." in text
        assert "overflow and its remedy" in text


def test_validate_says_which_cells_fail_and_when_none_does(taught, starter, chromium):
    course, address = taught
    right, wrong = course.root / "right.ipynb", course.root / "wrong.ipynb"
    nbformat.write(solved(starter, q00_explain="Exact."), right)
    none = "def double(values):\n    return None"
    nbformat.write(solved(starter, q00_explain="Exact.", q00_double=none), wrong)
    with context(chromium) as pages:
        page = LabPage(pages.new_page(), address)
        page.page.set_default_timeout(WAIT)
        for path, said in ((right, "passes all the tests"), (wrong, "should be a list")):
            page.open_instead(path.name)
            page.page.locator(".validate-button").get_by_text("Validate").click()
            dialog = page.page.locator(".jp-Dialog")
            expect(dialog).to_contain_text(said, timeout=WAIT)
            dialog.locator(".jp-mod-accept").last.click()
            expect(dialog).to_have_count(0)
        assert page.requests_elsewhere == []


def test_the_marker_of_a_small_course_sees_a_formula_set_without_a_network(taught, starter, chromium):
    course, address = taught
    hand_in(course, "ada", solved(starter, q00_explain=r"Exact: $2x = x + x$. <img src=x onerror=alert(1)>"))
    list(grade(course, "q00_doubling", ["ada"]))
    with course.gradebook() as gradebook:
        shown = gradebook.find_submission_notebook("doubling", "q00_doubling", "ada").id
    with context(chromium) as pages:
        page = LabPage(pages.new_page(), address)
        page.page.set_default_timeout(WAIT)
        server, token = address.split("/lab/")[0], address.split("token=")[1].split("&")[0]
        page.page.goto(f"{server}/api/status?token={token}")  # for the cookie
        page.page.goto(f"{server}/formgrader/submissions/{shown}/?token={token}")
        answer = page.page.locator(".nbgrader_cell", has=page.page.locator("#q00_explain"))
        expect(answer.locator("math")).to_have_count(1)
        assert answer.locator("img[src], img[onerror]").count() == 0
        page.page.wait_for_load_state("networkidle")
        assert page.requests_elsewhere == []
