"""A class list is taken as spreadsheets and platforms write it, and nobody in it is lost or doubled."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.roster import import_students, read_students
from course_lib.commands.cli import main
from course_lib.errors import UserError

LIST = "id,first_name,last_name,email\nada,Zoë,Müller,ada@example.org\n007,Li,张,\n"
ADA = {"first_name": "Zoë", "last_name": "Müller", "email": "ada@example.org"}
LI = {"first_name": "Li", "last_name": "张"}
CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,q02 (17)\n"    Points Possible",,,,,10\n'
    '"Müller, Zoë",4711,s1,ada,One,\n"Student, Test",99,,test,One,3\n'
)
MOODLE = "First name;Surname;ID number;Email address;Quiz: q02\nZoë;Müller;ada;ada@example.org;9,50\n"


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode(),
        LIST.encode("utf-8-sig"),
        LIST.encode("utf-16"),
        LIST.replace("\n", "\r\n").encode("utf-8-sig"),
        LIST.replace(",", ";").encode("utf-8-sig"),
        ("sep=;\n" + LIST.replace(",", ";")).encode("utf-8-sig"),
        LIST.replace(",", "\t").encode("utf-16"),
        ("\n" + LIST + "\n,,,\n").encode(),
        LIST.replace("id,first_name", "  ID ,First  Name").encode(),
    ],
    ids=["plain", "mark", "UTF-16", "CRLF", "semicolons", "sep=", "tabs", "empty lines", "headings"],
)
def test_a_list_is_read_however_a_spreadsheet_wrote_it(tmp_path, data):
    (tmp_path / "class.csv").write_bytes(data)
    assert read_students(tmp_path / "class.csv") == {"ada": ADA, "007": LI}


def test_western_europes_excel_keeps_its_umlauts(tmp_path):
    (tmp_path / "class.csv").write_bytes(LIST.split("007")[0].encode("cp1252"))
    assert read_students(tmp_path / "class.csv") == {"ada": ADA}


def test_canvas_and_moodles_own_exports_are_class_lists(tmp_path):
    (tmp_path / "canvas.csv").write_text(CANVAS, "utf-8")
    assert read_students(tmp_path / "canvas.csv") == {
        "ada": {"first_name": "Zoë", "last_name": "Müller", "lms_user_id": "4711"},
        "test": {"first_name": "Test", "last_name": "Student", "lms_user_id": "99"},
    }
    (tmp_path / "moodle.csv").write_text(MOODLE, "utf-8")
    assert read_students(tmp_path / "moodle.csv") == {"ada": ADA}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"name,points\nada,1\n", "no column of student ids: line 1 reads 'name', 'points'"),
        (b"id,email\nada,\n,b@example.org\n", "line 3: '' cannot be a student id"),
        (b"id\n../x\n", r"line 2: '\.\./x' cannot be a student id"),
        (b"id,email\nada,a@b\nada,c@d\n", "line 3: ada is there twice"),
        (b"id,email\n", "names no student"),
        (b"", "no column of student ids: line 0 reads nothing"),
        (b"id\n" + b"a" * 200_000, "line 2: no CSV"),
        (b"PK\x03\x04", "is a spreadsheet; save the list as CSV"),
        (b"\0" * 20_000_001, "larger than a class list"),
    ],
)
def test_a_list_that_cannot_be_taken_names_the_line_and_changes_nothing(course, tmp_path, data, says):
    (tmp_path / "class.csv").write_bytes(data)
    with pytest.raises(UserError, match=says):
        import_students(course, tmp_path / "class.csv")
    with course.gradebook() as gradebook:
        assert gradebook.students == []


def test_the_gradebook_has_all_of_them_and_a_second_time_changes_nothing(course, tmp_path, capsys):
    path = tmp_path / "class.csv"
    path.write_bytes(LIST.encode("utf-8-sig"))
    assert main(["students", str(path)]) == 0
    assert capsys.readouterr().out.startswith("2 new students, 0 changed, 0 as they were")
    path.write_text("id,lms_user_id\nada,4711\n007,\n")
    found = import_students(course, path)
    assert (found.new, found.changed, found.unchanged) == ([], ["ada"], ["007"])
    with course.gradebook() as gradebook:
        ada = gradebook.find_student("ada")
        assert (ada.first_name, ada.last_name, ada.lms_user_id) == ("Zoë", "Müller", "4711")


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    said = "as many as there are"
    try:
        assert read_students(path)
    except UserError as error:
        said = str(error)
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_nbgraders_own_import_reads_a_list_with_excels_mark(course, tmp_path):
    (tmp_path / "class.csv").write_bytes(LIST.encode("utf-8-sig"))
    command = [sys.executable, "-m", "nbgrader", "db", "student", "import", str(tmp_path / "class.csv")]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with course.gradebook() as gradebook:
        assert gradebook.find_student("ada").last_name == "Müller"
