"""A fault of the machine costs no points: check ends in one line, doctor finds it, and its advice works."""

import errno
import os
import tempfile

import pytest

from course_lib.commands import check, folders, workspace
from course_lib.commands.cli import main
from course_lib.commands.doctor import REQUIRED, checks
from course_lib.commands.folders import require_temporary
from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade

VARIABLES = {"home": "HOME", "cache": "COURSE_CACHE", "temporary": "TMPDIR", "workspace": "COURSE_WORKSPACE"}


@pytest.fixture(autouse=True)
def sound(monkeypatch, tmp_path):
    for name, variable in VARIABLES.items():
        (tmp_path / name).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / name))


def doctors_line():
    return next(line for line in checks() if line.name == "Folders")


def test_sound_folders_are_ok_and_nothing_is_left_in_them(tmp_path):
    line = doctors_line()
    assert not line.mend
    assert all(name in line.found for name in VARIABLES)
    assert [list((tmp_path / name).iterdir()) for name in VARIABLES] == [[]] * 4


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_folder_that_cannot_be_written_is_a_lack_and_following_the_advice_mends_it(
    tmp_path, monkeypatch, name, below
):
    """Nothing can be made in or below a file, not even by root."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLES[name], str(tmp_path / "file" / below))
    line = doctors_line()
    assert line.found.startswith(f"{name} {tmp_path / 'file'}")
    assert "Folders" in REQUIRED
    advice = f"export {VARIABLES[name]}=FOLDER"
    assert advice in line.mend
    monkeypatch.setenv(VARIABLES[name], str(tmp_path / name / "new"))
    assert not doctors_line().mend
    assert not (tmp_path / name / "new").exists()


def test_a_cache_in_a_home_that_cannot_be_written_is_named_too(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.delenv("COURSE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    line = doctors_line()
    assert "export HOME=FOLDER" in line.mend
    assert "export COURSE_CACHE=FOLDER" in line.mend


def full(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_a_lack_and_ends_check_before_any_test(monkeypatch, tmp_path):
    monkeypatch.setattr(folders.os, "fsync", full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    line = doctors_line()
    assert "No space left on device" in line.found
    assert line.mend == "free some space on that disk"
    with pytest.raises(UserError, match=r"No test was judged: the temporary folder .*No space left"):
        require_temporary()
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize(
    "error",
    [
        BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        CannotGrade("The process that starts others is gone; run the command again."),
    ],
)
def test_check_ends_in_one_line_with_status_2_where_the_machine_cannot_run_it(
    tmp_path, monkeypatch, capsys, error
):
    notebook = tmp_path / "work.ipynb"
    notebook.write_text("{}")

    def fails(*_):
        raise error

    monkeypatch.setattr(workspace, "notebook", lambda _: notebook)
    monkeypatch.setattr(workspace, "student_version", lambda _: notebook)
    monkeypatch.setattr(check, "check_notebook", fails)
    assert main(["check", "q02_quantization"]) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("course: No test was judged: ")
    assert "./course doctor" in line
    assert "of" not in said.out


def test_no_temporary_folder_at_all_ends_check_in_one_line(monkeypatch, tmp_path):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(folders.tempfile, "gettempdir", none)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    with pytest.raises(UserError, match="export TMPDIR=FOLDER"):
        require_temporary()
    monkeypatch.delenv("TMPDIR")
    with pytest.raises(UserError, match="No usable temporary directory"):
        require_temporary()
