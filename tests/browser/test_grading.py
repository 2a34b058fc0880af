"""From a student's JupyterLab to the page the student gets back, in a real browser.

COURSE_SCREENSHOTS=FOLDER keeps a picture of each stage.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from autograder import regions
from autograder.course import Course
from autograder.grade_log import grade_log
from autograder.release import release
from benchmarks.labpage import LabPage, context, lab
from tests.autograder.small_course import CONFIG

pytestmark = [pytest.mark.slow, pytest.mark.needs("browser", "compiler", "sandbox")]
ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT, NOTEBOOK = "q02_quantization", "quantization"
SOURCE = ROOT / "notebooks" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
STUDENT = "zoë.müller"
WAIT = 900e3  # milliseconds; a whole notebook is run on a machine that may be busy
ANSWER = """\
At 2 bits with one scale per tensor the accuracy fell below 90 %, because the grid must span the largest
weight: one outlier channel, scaled by 300, widens the step for all others although the function is the
same $x < y$. Errors also add up from layer to layer, and int8 weights alone were not faster here. I would
take one scale per channel first, then choose the clipped range on real data, and measure accuracy after
each step."""


def shot(page, name: str, **options) -> None:
    if folder := os.environ.get("COURSE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", **options)


def course_command(*words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def solutions() -> dict[str, str]:
    """Cell id -> the reference solution a student could have written, and the prediction and answer."""
    found = {"explain": ANSWER}
    for cell in nbformat.read(SOURCE, as_version=4).cells:
        if cell.cell_type == "code" and regions.SOLUTION[0] in cell.source:
            lines = [line for line in cell.source.split("\n") if not any(w in line for w in regions.SOLUTION)]
            found[cell.id] = "\n".join(lines)
        if cell.id == "predict":
            found[cell.id] = re.sub("None", "5", cell.source, count=1)
    return found


def write_cells(page: LabPage, sources: dict[str, str]) -> None:
    """Put text into cells of the open notebook by id, as typing would."""
    page.page.evaluate(
        """sources => {
            const cells = [...jupyterapp.shell.currentWidget.content.model.cells];
            for (const [id, source] of Object.entries(sources)) {
                cells.find(cell => cell.id === id).sharedModel.setSource(source);
            }
        }""",
        sources,
    )


def show_cell(page: LabPage, cell_id: str) -> None:
    page.page.evaluate(
        """async id => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const place = notebook.widgets.findIndex(cell => cell.model.id === id);
            notebook.activeCellIndex = place;
            await notebook.scrollToItem(place, 'center');
        }""",
        cell_id,
    )
    page.page.wait_for_timeout(1500)


def formgrader(page: LabPage, path: str) -> None:
    server, token = page.address.split("/lab/")[0], page.address.split("token=")[1].split("&")[0]
    page.page.goto(f"{server}/formgrader/{path}?token={token}")


@pytest.fixture
def class_course(tmp_path, monkeypatch) -> Course:
    """A course folder of its own with question 2, released."""
    root = tmp_path / "course"
    shutil.copytree(SOURCE.parent, root / "notebooks" / ASSIGNMENT)
    (root / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    monkeypatch.setenv("COURSE_ROOT", str(root))
    course = Course(root)
    release(course, ASSIGNMENT)
    return course


def test_a_solution_travels_from_the_students_browser_to_the_feedback(
    page, workspace, class_course, chromium, tmp_path
):
    handed_in = student_solves_checks_and_submits(page, workspace)
    course_command("collect", str(handed_in))
    with lab(tmp_path / "instructor", "teach") as address, context(chromium) as pages:
        teacher = LabPage(pages.new_page(), address)
        teacher.page.set_default_timeout(WAIT)
        teacher.page.goto(address)  # this visit's cookie is what formgrader's own requests go by
        instructor_grades_and_marks(teacher, class_course)
        assert teacher.requests_elsewhere == []
    student_reads_feedback(class_course, chromium)
    instructor_reads_the_report(class_course, chromium)


def student_solves_checks_and_submits(page: LabPage, workspace: Path) -> Path:
    """Returns the zip that is handed in."""
    page.page.set_default_timeout(WAIT)
    page.open_notebook(f"{ASSIGNMENT}/{NOTEBOOK}.ipynb")
    shot(page.page, "1_opened")
    write_cells(page, solutions())
    page.run_all(WAIT / 1e3)
    assert page.cell_errors() == []
    show_cell(page, "compare")
    shot(page.page, "2_solved")
    show_cell(page, "explain-words")
    expect(page.page.get_by_role("status").filter(has_text="words of 60 to 80: as asked")).to_be_visible()
    shot(page.page, "3_answered")
    page.save()
    checked = course_command("check", ASSIGNMENT, COURSE_WORKSPACE=str(workspace))
    assert re.search(r"(\d+) of \1 visible tests pass", checked), checked
    packed = course_command("submit", ASSIGNMENT, "--student", STUDENT, COURSE_WORKSPACE=str(workspace))
    return Path(re.search(r"Packed (.*\.zip)", packed)[1])


def instructor_grades_and_marks(teacher: LabPage, course: Course) -> None:
    """Formgrader's button grades; the written answer gets 2.5 points and a comment."""
    formgrader(teacher, f"manage_submissions/{ASSIGNMENT}")
    teacher.page.locator(".autograde a").first.click()
    expect(teacher.page.locator(".modal")).to_contain_text("Successfully autograded", timeout=WAIT)
    shot(teacher.page, "4_autograded")
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, STUDENT)
        shown, automatic = submission.id, submission.score
    assert automatic == 7

    formgrader(teacher, f"gradebook/{ASSIGNMENT}/{NOTEBOOK}")
    expect(teacher.page.get_by_text("Submission #1")).to_be_visible()
    shot(teacher.page, "5_to_mark")
    formgrader(teacher, f"submissions/{shown}/")
    body = teacher.page.locator("#notebook-container").first
    expect(body).to_contain_text("words (60 to 80 were asked for)")
    expect(body).to_contain_text("Prediction and measurement")
    expect(body.get_by_text("you predicted").last).to_be_visible()
    expect(body).to_contain_text("1 point, why: precision is lost")
    assert "BEGIN MARK SCHEME" not in body.inner_text()
    assert teacher.page.locator("math").count() > 10
    score = teacher.page.locator("#q02_explain")
    score.scroll_into_view_if_needed()
    shot(teacher.page, "6_marking")
    comment = teacher.page.locator("#q02_explain-comment")
    body.get_by_label("1 for why").check()
    teacher.page.keyboard.press("3")  # the item of that number
    expect(score).to_have_value("2")
    expect(comment).to_have_value("Points: why 1, what to do 0, measured 1.\n\n")
    teacher.page.wait_for_load_state("networkidle")
    teacher.page.reload()  # the page finds again which items were given
    expect(body.get_by_label("1 for measured")).to_be_checked()
    expect(body.get_by_label("1 for what to do")).not_to_be_checked()
    score.fill("2.5")
    comment.fill(comment.input_value() + "Well argued: $s = (hi - lo) / 255$ says it all.")
    with teacher.page.expect_response(lambda answer: "/formgrader/api/comment/" in answer.url):
        comment.blur()
    teacher.page.wait_for_load_state("networkidle")
    shot(teacher.page, "7_marked")
    teacher.page.reload()
    remark = body.get_by_role("button", name="Well argued")
    expect(remark).to_be_visible()  # ready for the next submission
    by_hand = {change.field: change for change in grade_log(course, ASSIGNMENT) if change.by_hand}
    assert by_hand["manual_score"].new == "2.5"
    assert by_hand["manual_score"].by.endswith(", formgrader")
    assert "Well argued" in by_hand["manual_comment"].new
    assert {c.by.split(", ")[1] for c in grade_log(course, ASSIGNMENT)} == {"formgrader"}


def student_reads_feedback(course: Course, chromium) -> None:
    """The page needs no network, and shows points and the comment, no hidden test."""
    course_command("feedback", ASSIGNMENT)
    path = course.root / "feedback" / STUDENT / ASSIGNMENT / f"{NOTEBOOK}.html"
    with context(chromium) as pages:
        page = pages.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        text = page.inner_text("body")
        assert "(Score: 9.5 / 10.0)" in text
        assert "Well argued" in text
        assert "canary" not in page.content()
        assert "precision is lost" not in text
        assert "60 to 80 were asked for" not in text  # that is for markers
        shot(page, "8_feedback")
        page.get_by_text("Well argued").scroll_into_view_if_needed()
        shot(page, "9_feedback_answer")
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def instructor_reads_the_report(course: Course, chromium) -> None:
    course_command("report", ASSIGNMENT)
    with context(chromium) as pages:
        page = pages.new_page()
        page.goto((course.exports / f"{ASSIGNMENT}.html").as_uri())
        assert "manual score" in page.inner_text("body")
        assert page.locator("svg[role=img]").count() > 3
        shot(page, "10_report", full_page=True)
