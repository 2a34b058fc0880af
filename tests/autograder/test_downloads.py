"""Every file of a download is taken or named, and two people of a platform never become one."""

import json
import os
import zipfile
from datetime import UTC, datetime

import pytest

from autograder import downloads
from autograder.collect import collect
from autograder.platforms import Person, handed_in_name, person_in
from course_lib.commands.cli import main
from course_lib.errors import UserError
from tests.autograder.small_course import source_notebook
from tests.autograder.test_collect import NOW, handed_in, notebook, submission

ADA, GRACE = "Ada L_2501_assignsubmission_file_", "Grace H_2502_assignsubmission_file_"


@pytest.mark.parametrize(
    ("parts", "person"),
    [
        ((ADA, "q02.zip"), Person("Moodle", "2501", "Ada L")),
        (
            ("O'Neil-Smith Zoë_7_assignsubmission_file_", "in", "q.zip"),
            Person("Moodle", "7", "O'Neil-Smith Zoë"),
        ),
        ((ADA + "q02_x.zip",), Person("Moodle", "2501", "Ada L")),
        (("all.zip", ADA, "q02.zip"), Person("Moodle", "2501", "Ada L")),
        (("lovelaceada_123_456_q02.zip",), Person("Canvas", "123", "lovelaceada")),
        (("lovelaceada_LATE_123_456_q02-1.zip",), Person("Canvas", "123", "lovelaceada")),
        (
            ("Question 2_alovelace_attempt_2026-01-31-12-00-00_q02.zip",),
            Person("Blackboard", "alovelace", ""),
        ),
        (("Lovelace_Ada_alovelace_12", "q02.zip"), Person("ILIAS", "12", "Ada Lovelace")),
        (("downloads", "q02_quantization-ada.zip"), None),
        (("downloads", "q02_quantization_2.ipynb"), None),
    ],
)
def test_a_platforms_names_say_who_it_was(parts, person):
    assert person_in(parts) == person


def test_the_students_own_name_of_a_file_comes_back():
    assert handed_in_name("lovelaceada_LATE_123_456_doubling-1.ipynb") == "doubling-1.ipynb"
    assert handed_in_name(ADA + "doubling.ipynb") == "doubling.ipynb"
    assert handed_in_name("doubling.ipynb") == "doubling.ipynb"


def outcomes(found) -> dict[str, str]:
    return {each.shown.rsplit("/", 1)[-1]: each.outcome for each in found}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{ADA}/a.zip", f"{GRACE}/b.zip"),
        (f"{ADA}a.zip", f"{GRACE}b.zip"),
        ("lovelaceada_12_1_a.zip", "hoppergrace_13_2_b.zip"),
        ("Lovelace_Ada_al_12/a.zip", "Hopper_Grace_gh_13/b.zip"),
        ("Q_al_attempt_2026-01-31-12-00-00_a.zip", "Q_gh_attempt_2026-01-31-12-00-01_b.zip"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_one_id_of_two_people_is_refused_with_both_names_until_it_is_said_who_it_is(
    course, tmp_path, first, second, together
):
    folder = tmp_path / "in"
    one = submission(folder, first, text="first")
    if not together:
        assert [each.outcome for each in collect(course, [folder], now=NOW)] == ["new"]
    other = submission(folder, second, text="second")
    found = collect(course, [folder], now=NOW)
    assert [each.outcome for each in found] == ["refused", "refused"]
    for each in found:
        named = [str(person_in(name.split("/"))) for name in (first, second)]
        assert all(name in each.detail for name in named)
        assert "--student ID FILE" in each.detail
    assert handed_in(course) == ({} if together else {"ada/q00_doubling": "first"})
    # What the message advises, followed.
    collect(course, [one], "ada", NOW)
    collect(course, [other], "grace", NOW)
    assert handed_in(course) == {"ada/q00_doubling": "first", "grace/q00_doubling": "second"}
    again = collect(course, [folder], now=NOW)
    assert [each.outcome for each in again] == ["unchanged", "unchanged"]


def test_resubmissions_of_one_person_and_other_assignments_are_no_conflict(course, tmp_path):
    for name, at in (("a.zip", NOW.replace(hour=1)), ("b.zip", NOW)):
        submission(tmp_path / "in" / ADA, name, text=name, at=at)
    assert [each.outcome for each in collect(course, [tmp_path / "in"], now=NOW)] == ["new", "replaced"]
    (course.root / "notebooks" / "q01_other").mkdir()
    given = next(course.root.glob("notebooks/q00_*/doubling.ipynb")).read_bytes()
    (course.root / "notebooks" / "q01_other" / "doubling.ipynb").write_bytes(given)
    next_one = {"assignment": "q01_other"}
    submission(tmp_path / "next" / ADA.replace("2501", "2999"), text="c", **next_one)
    assert [each.outcome for each in collect(course, [tmp_path / "next"], now=NOW)] == ["new"]
    submission(tmp_path / "third" / GRACE, text="d", **next_one)
    (result,) = collect(course, [tmp_path / "third"], now=NOW)
    assert "Ada L (Moodle 2501)" in result.detail


@pytest.mark.parametrize("damage", [b"", b"{", b"[3]", b'[{"person": 3}]', b"[" * 100_000])
def test_a_damaged_list_of_people_is_named(course, tmp_path, damage):
    submission(tmp_path / "in" / ADA)
    collect(course, [tmp_path / "in"], now=NOW)
    people = course.root / "submitted" / ".people.json"
    people.write_bytes(damage)
    with pytest.raises(UserError, match=r"\.people\.json cannot be read .* delete it"):
        collect(course, [tmp_path / "in"], now=NOW)
    people.unlink()
    assert outcomes(collect(course, [tmp_path / "in"], now=NOW)) == {"hand_in.zip": "unchanged"}


def test_a_shared_login_is_taken_for_the_one_that_the_instructor_names(course, tmp_path):
    path = submission(tmp_path, student="jovyan")
    (result,) = collect(course, [path], now=NOW)
    assert "collect --student ID FILE" in result.detail
    assert collect(course, [path], "ada", NOW)[0].outcome == "new"
    assert course.submitters("q00_doubling") == ["ada"]


def test_student_takes_one_file_and_an_id_of_one_person(course, tmp_path):
    paths = [submission(tmp_path, "a.zip"), submission(tmp_path, "b.zip")]
    with pytest.raises(UserError, match="one by one"):
        collect(course, paths, "ada", NOW)
    with pytest.raises(UserError, match="what many accounts are called"):
        collect(course, paths[:1], "jovyan", NOW)
    assert not (course.root / "submitted").exists()


def zipped(path, members: dict[str, bytes]):
    """A zip; a name that ends in / is a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def work(text: str = "mine") -> bytes:
    """The assignment's notebook as a student saves it."""
    made = json.loads(json.dumps(source_notebook()))
    made["cells"][0]["source"] = text
    return json.dumps(made).encode()


def test_a_platforms_zip_of_zips_is_opened_however_deep_and_everything_in_it_is_accounted_for(
    course, tmp_path, capsys
):
    now = datetime.now(UTC)
    ada = submission(tmp_path, "a.zip", at=now).read_bytes()
    grace = submission(tmp_path, "b.zip", at=now, student="grace").read_bytes()
    alan = submission(tmp_path, "c.zip", at=now, student="alan").read_bytes()
    group = zipped(tmp_path / "g.zip", {"Alan T_2503_assignsubmission_file_/c.zip": alan}).read_bytes()
    outer = zipped(
        tmp_path / "in" / "CS101-Question 2-12345.zip",
        {
            f"{ADA}/a.zip": ada,
            f"{GRACE}/b.ZIP": grace,
            "group.zip": group,
            "Kurt G_2504_assignsubmission_file_/answer.pdf": b"%PDF",
            "Emmy N_2505_assignsubmission_file_/": b"",
            "Alonzo C_2506_assignsubmission_file_/broken.zip": b"PK",
            "__MACOSX/._a.zip": b"",
        },
    )
    assert main(["collect", str(outer.parent)]) == 2
    said = capsys.readouterr()
    assert set(handed_in(course)) == {f"{who}/q00_doubling" for who in ("ada", "grace", "alan")}
    assert "3 taken, 3 refused, 1 ignored: " in said.out
    for name in ("answer.pdf", "Emmy N_2505_assignsubmission_file_/", "broken.zip"):
        assert any(name in line for line in said.err.splitlines()), name
    assert str(outer) in said.err


def test_limits_hold_in_zips_of_zips(course, tmp_path, monkeypatch):
    many = zipped(tmp_path / "many.zip", {f"{number}.ipynb": b"" for number in range(101)})
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.ipynb", bytes(30_000_000))
    deep = zipped(tmp_path / "0.zip", {"x.ipynb": work()})
    for depth in range(1, 5):
        deep = zipped(tmp_path / f"{depth}.zip", {f"{depth - 1}.zip": deep.read_bytes()})
    outer = zipped(
        tmp_path / "outer.zip",
        {path.name: path.read_bytes() for path in (many, tmp_path / "bomb.zip", deep)},
    )
    found = collect(course, [outer], now=NOW)
    assert [each.outcome for each in found] == ["refused"] * 3
    assert "holds 101 files" in found[0].detail
    assert "larger than 20 MB" in found[1].detail
    assert "a zip in 3 others" in found[2].detail
    monkeypatch.setattr(downloads, "OUTER", (1 << 30, 5000, 10))
    (result,) = collect(course, [zipped(tmp_path / "room.zip", {"x.ipynb": work()})], now=NOW)
    assert "when unpacked" in result.detail


def test_no_name_in_a_zip_leads_out_of_it(course, tmp_path):
    outer = zipped(tmp_path / "outer.zip", {"../../evil.ipynb": work(), "/etc/evil.ipynb": work()})
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(outer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    found = collect(course, [outer], now=NOW)
    assert [each.outcome for each in found] == ["refused"] * 3
    assert "no plain file" in found[2].detail
    assert not list(tmp_path.rglob("evil*"))


def enroll(course, *rows):
    with course.gradebook() as gradebook:
        for student, first, last, number in rows:
            gradebook.add_student(student, first_name=first, last_name=last, lms_user_id=number)


def loose(folder, name, data=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(work() if data is None else data)
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "hoppergrace_12347_678903_doubling.ipynb",
        "hoppergrace_LATE_999_678903_Doubling final-1.ipynb",
        "Grace Hopper_2502_assignsubmission_file_/doubling.ipynb",
        "Q0_gh17_attempt_2026-01-31-12-00-00_doubling.ipynb",
        "Hopper_Grace_gh17_12347/doubling (1).ipynb",
    ],
)
def test_a_loose_notebook_is_taken_where_the_platform_says_whose_it_is(course, tmp_path, name):
    enroll(course, ("gh17", "Grace", "Hopper", "12347"), ("al15", "Ada", "Lovelace", "12348"))
    loose(tmp_path / "in", name)
    assert [each.outcome for each in collect(course, [tmp_path / "in"], now=NOW)] == ["new"]
    folder = course.root / "submitted" / "gh17" / "q00_doubling"
    beside = {"receipt.json", "timestamp.txt", "submission_secret.txt"}
    assert {each.name for each in folder.iterdir()} == {"doubling.ipynb", *beside}
    assert (folder / "doubling.ipynb").read_bytes() == work()
    assert (folder / "timestamp.txt").read_text() == "2026-02-01 12:00:00 UTC\n"
    os.utime(tmp_path / "in" / name, (NOW.timestamp() + 60, NOW.timestamp() + 60))  # downloaded again
    assert [each.outcome for each in collect(course, [tmp_path / "in"], now=NOW)] == ["unchanged"]


def test_a_loose_notebook_of_nobody_known_is_named_and_student_takes_it(course, tmp_path):
    enroll(course, ("a1", "Ada", "Lovelace", None), ("a2", "Ada", "Lovelace", None))
    for name in ("doubling.ipynb", "Ada Lovelace_2501_assignsubmission_file_/doubling.ipynb"):
        path = loose(tmp_path, name)
        (result,) = collect(course, [path], now=NOW)
        assert result.outcome == "refused"
        assert "./course collect --student ID FILE" in result.detail
        assert ("2 students of the gradebook" in result.detail) == (path.parent != tmp_path)
    assert collect(course, [path], "a2", NOW)[0].outcome == "new"
    assert course.submitters("q00_doubling") == ["a2"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"cells": [{"metadata": 3}]}', notebook()])
def test_a_loose_notebook_of_no_assignment_is_named(course, tmp_path, data):
    (result,) = collect(course, [loose(tmp_path, "essay.ipynb", data)], "ada", NOW)
    assert result.outcome == "refused"
    assert "essay.ipynb" in result.detail


def test_everything_else_in_a_folder_is_named_and_what_systems_leave_is_counted(course, tmp_path, capsys):
    folder = tmp_path / "in"
    submission(folder, "a.zip", at=datetime.now(UTC))
    odd = ["b.zip.part", "answer.pdf", "kernel.py", "noext", "grades.csv"]
    for name in [*odd, ".DS_Store", "._a.zip"]:
        (folder / name).write_bytes(b"x")
    (folder / "empty").mkdir()
    assert main(["collect", str(folder)]) == 2
    said = capsys.readouterr()
    assert "1 taken, 6 refused, 2 ignored: " in said.out
    refused = {line.split(":")[1].rsplit("/")[-1] for line in said.err.splitlines()}
    assert refused == {*odd, "empty"}


def test_a_folder_that_cannot_be_opened_is_named(course, tmp_path, monkeypatch):
    real = os.listdir

    def listdir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    (tmp_path / "in" / "locked").mkdir(parents=True)
    submission(tmp_path / "in", "a.zip")
    monkeypatch.setattr(downloads.os, "listdir", listdir)
    found = collect(course, [tmp_path / "in"], now=NOW)
    assert outcomes(found) == {"a.zip": "new", "locked": "refused"}
    assert "Permission denied" in next(each.detail for each in found if each.outcome == "refused")


def test_a_locked_zip_is_named(course, tmp_path):
    """Encryption is a bit in the member's header."""
    data = bytearray(zipped(tmp_path / "x.zip", {"x.ipynb": work()}).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    (result,) = collect(course, [tmp_path / "x.zip"], now=NOW)
    assert "cannot be unpacked" in result.detail
    assert "password" in result.detail
