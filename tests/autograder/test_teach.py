"""The instructor's JupyterLab: formgrader loads, grades with our engine, and shows the mark scheme."""

import pytest

from autograder.grade import grade
from autograder.release import release
from benchmarks.labpage import chromium, lab
from tests.autograder.small_course import hand_in, points_by_cell
from tests.autograder.submissions import submissions

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser")]


def test_formgrader_opens_from_the_menu_grades_and_shows_the_scheme_beside_the_answer(
    course, starter, playwright, tmp_path
):
    release(course, "q00_doubling")
    for student in ("reference", "noisy"):
        hand_in(course, student, submissions(starter)[student][0])
    list(grade(course, "q00_doubling", ["reference"]))
    with lab(tmp_path, "teach") as address, chromium(playwright) as context:
        server, token = address.split("/lab/")[0], address.split("token=")[1].split("&")[0]
        page = context.new_page()
        page.set_default_timeout(60e3)
        page.goto(address + "&reset")
        page.click(".lm-MenuBar-itemLabel:has-text('Nbgrader')")
        page.click(".lm-Menu-itemLabel:has-text('Formgrader')")
        frame = page.frame_locator("iframe").first
        frame.locator("text=q00_doubling").first.wait_for()

        answer = page.request.post(
            f"{server}/formgrader/api/submission/q00_doubling/noisy/autograde",
            headers={"Authorization": f"token {token}"},
        )
        assert answer.json()["success"], answer.text()
        assert points_by_cell(course, "noisy")["q00_double_hidden"] == 2

        with course.gradebook() as gradebook:
            shown = gradebook.find_submission_notebook("doubling", "q00_doubling", "reference").id
        page.goto(f"{server}/formgrader/submissions/{shown}?token={token}")
        text = page.inner_text("body")
        assert "Doubling is exact." in text
        assert "overflow and its remedy" in text
