"""A submission comes back whole or is refused by name; nothing in it is taken on trust."""

import hashlib
import io
import json
import stat
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.commands import submission
from course_lib.errors import UserError

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "quantization.ipynb"
    path.write_bytes(NOTEBOOK)
    return path


def receipt(**changes) -> bytes:
    claims = {
        "assignment": "q02_quantization",
        "notebook": "quantization.ipynb",
        "sha256": hashlib.sha256(NOTEBOOK).hexdigest(),
        "submitted": "2026-01-31T12:00:00Z",
        "student": "ada",
        "course_version": "0.1.0",
    }
    return json.dumps({**claims, **changes}).encode()


def archive(*members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in members:
            packed.writestr(name, data)
    return buffer.getvalue()


def refused(tmp_path, packed: bytes) -> str:
    path = tmp_path / "handed_in.zip"
    path.write_bytes(packed)
    with pytest.raises(UserError) as caught:
        submission.read(path)
    message = str(caught.value)
    assert "handed_in.zip" in message
    assert "\n" not in message
    return message


def large(cell: dict, **metadata) -> bytes:
    """A notebook with one cell."""
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


MEGABYTES = "x" * (submission.NOTEBOOK_LIMIT + 1)
WIDGETS = {"application/vnd.jupyter.widget-state+json": {"state": {"m1": {"state": {"y": MEGABYTES}}}}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": MEGABYTES}
CODE = {"cell_type": "code", "id": "a", "metadata": {}, "source": "1 + 1", "execution_count": 7}


@pytest.mark.parametrize(
    ("outputs", "metadata"),
    [([PRINTED], {}), ([], {"widgets": WIDGETS, "kernelspec": {"name": "python3"}})],
    ids=["outputs", "saved widgets"],
)
def test_what_grading_makes_anew_never_makes_a_notebook_too_large(tmp_path, notebook, outputs, metadata):
    data = large({**CODE, "outputs": outputs}, **metadata)
    notebook.write_bytes(data)
    found = submission.read(submission.pack("q02_quantization", notebook, "ada", tmp_path))
    assert found.sha256 == hashlib.sha256(found.data).hexdigest()
    content = json.loads(found.data)
    assert content["cells"] == [{**CODE, "outputs": [], "execution_count": None}]
    assert "widgets" not in content["metadata"]
    assert notebook.read_bytes() == data, "the student's own file stays as it is"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ({**CODE, "source": MEGABYTES}, "number 1 with 20 MB: take out what is written in it"),
        (
            {"cell_type": "markdown", "attachments": {"a.png": {"image/png": MEGABYTES}}},
            "number 1 with 20 MB: take out pictures pasted into it",
        ),
    ],
)
def test_a_notebook_that_is_too_large_even_so_names_the_cell_that_makes_it_so(tmp_path, notebook, cell, says):
    notebook.write_bytes(large(cell))
    with pytest.raises(UserError, match=says):
        submission.pack("q02_quantization", notebook, "ada", tmp_path)


def test_what_was_packed_is_read_back_unchanged(tmp_path, notebook):
    packed = submission.pack("q02_quantization", notebook, "ada.lovelace", tmp_path / "out")
    assert packed == tmp_path / "out" / "q02_quantization-ada.lovelace.zip"
    found = submission.read(packed)
    assert (found.assignment, found.notebook) == ("q02_quantization", "quantization.ipynb")
    assert (found.student, found.data) == ("ada.lovelace", NOTEBOOK)
    assert found.sha256 == hashlib.sha256(NOTEBOOK).hexdigest()
    assert abs((datetime.now(UTC) - found.submitted).total_seconds()) < 60


def test_without_an_id_the_login_name_is_taken(tmp_path, notebook, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert submission.read(submission.pack("q02", notebook, None, tmp_path)).student == "grace"


@pytest.mark.parametrize("login", ["jovyan", "root", "Administrator", "codespace"])
def test_a_login_that_everybody_has_makes_no_two_people_one(tmp_path, notebook, monkeypatch, login):
    monkeypatch.setattr("getpass.getuser", lambda: login)
    with pytest.raises(UserError, match="--student ID"):
        submission.pack("q02_quantization", notebook, None, tmp_path)
    packed = archive(("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt(student=login)))
    assert "is what many accounts are called" in refused(tmp_path, packed)


def test_a_login_name_that_is_no_id_asks_for_one(tmp_path, notebook, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "CAMPUS\\grace")
    with pytest.raises(UserError, match="--student"):
        submission.pack("q02", notebook, None, tmp_path)


@pytest.mark.parametrize(
    "student", ["", ".", "..", "a/b", "../x", "a b", "*", "[ab]", "-rf", "x" * 65, "a\n", "\x1b[2J"]
)
def test_an_id_that_would_be_a_path_or_pattern_is_refused(tmp_path, notebook, student):
    with pytest.raises(UserError, match="student id"):
        submission.pack("q02", notebook, student, tmp_path)
    assert "student id" in refused(
        tmp_path, archive(("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt(student=student)))
    )


def test_ids_with_letters_of_any_alphabet_are_composed_and_kept(tmp_path, notebook):
    packed = submission.pack("q02", notebook, "Zoe\u0308", tmp_path)
    assert submission.read(packed).student == "Zoë"


def test_packing_says_which_file_is_missing_or_no_notebook(tmp_path):
    with pytest.raises(UserError, match=r"gone\.ipynb"):
        submission.pack("q02", tmp_path / "gone.ipynb", "ada", tmp_path)
    broken = tmp_path / "broken.ipynb"
    broken.write_text('{"cells": [')
    with pytest.raises(UserError, match=r"broken\.ipynb is no notebook"):
        submission.pack("q02", broken, "ada", tmp_path)
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("receipt.json", receipt())], "one notebook"),
        ([("quantization.ipynb", NOTEBOOK)], "one notebook"),
        ([("a.ipynb", NOTEBOOK), ("b.ipynb", NOTEBOOK), ("receipt.json", receipt())], "one notebook"),
        ([("../quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "does not belong"),
        ([("/etc/quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "does not belong"),
        ([("C:\\quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "does not belong"),
        ([("sub/quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "does not belong"),
        ([(".quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "does not belong"),
        ([("numpy.py", b""), ("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "numpy.py"),
        ([("folder/", b""), ("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())], "folder"),
        ([("other.ipynb", NOTEBOOK), ("receipt.json", receipt())], "is for 'quantization.ipynb'"),
        ([("quantization.ipynb", NOTEBOOK + b" "), ("receipt.json", receipt())], "changed after packing"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", b"{")], "not valid JSON"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", b"[" * 9000)], "not valid JSON"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", b"[]")], "lacks one of"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt(sha256=None))], "lacks one of"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt(assignment="../q"))], "cannot be an"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt(submitted="yesterday"))], "no time"),
        ([("quantization.ipynb", NOTEBOOK), ("receipt.json", b" " * 20_000)], "larger than"),
    ],
)
def test_a_zip_that_pack_did_not_make_is_refused_with_the_reason(tmp_path, members, reason):
    assert reason in refused(tmp_path, archive(*members))


def with_notebook(data: bytes) -> bytes:
    claims = receipt(sha256=hashlib.sha256(data).hexdigest())
    return archive(("quantization.ipynb", data), ("receipt.json", claims))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"worksheets": []}',
        b'{"cells": 3}',
        b'{"cells": [1]}',
        b"[" * 100_000,
        b'{"cells": [{"source": "\\ud800"}]}',
    ],
)
def test_what_is_no_notebook_is_refused_though_its_receipt_is_right(tmp_path, data):
    assert "quantization.ipynb" in refused(tmp_path, with_notebook(data))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_duplicate_member_is_refused(tmp_path):
    twice = archive(
        ("quantization.ipynb", b"{}"), ("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt())
    )
    assert "twice" in refused(tmp_path, twice)


def test_a_symbolic_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("quantization.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "no plain file" in refused(tmp_path, archive((link, b"/etc/passwd"), ("receipt.json", receipt())))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "NOTEBOOK_LIMIT", 1000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("quantization.ipynb", b" " * 100_000)
        packed.writestr("receipt.json", receipt())
    assert "larger than" in refused(tmp_path, buffer.getvalue())


def test_a_file_too_large_is_not_even_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "NOTEBOOK_LIMIT", 10)
    monkeypatch.setattr(submission, "RECEIPT_LIMIT", 10)
    assert "larger than" in refused(tmp_path, archive(("quantization.ipynb", NOTEBOOK)))


@given(cut=st.integers(0, 400), put=st.binary(max_size=8))
def test_a_damaged_zip_is_read_right_or_refused_and_never_anything_else(tmp_path_factory, cut, put):
    whole = archive(("quantization.ipynb", NOTEBOOK), ("receipt.json", receipt()))
    cut = min(cut, len(whole))
    path = tmp_path_factory.mktemp("damaged") / "handed_in.zip"
    path.write_bytes(whole[:cut] + put + whole[cut + len(put) :])
    try:
        found = submission.read(path).data
    except UserError:
        return
    assert found == NOTEBOOK
