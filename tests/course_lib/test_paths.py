import errno
import multiprocessing
import os
import stat
import time

import pytest

from course_lib.paths import ROOT, is_shared, own_folder, owner, write_atomically


def test_root_is_where_the_library_and_its_data_lie():
    assert (ROOT / "course_lib" / "paths.py").is_file()
    assert (ROOT / "data" / "known_answers.csv").is_file()


@pytest.mark.parametrize(
    ("data", "stored"), [("größer\n", "größer\n".encode()), (b"\0\r\n\xff", b"\0\r\n\xff"), ("", b"")]
)
def test_text_and_bytes_arrive_as_they_are(data, stored, tmp_path):
    path = write_atomically(tmp_path / "new" / "folder" / "file", data)
    assert path.read_bytes() == stored


def test_a_path_may_be_a_string_and_the_old_content_is_replaced(tmp_path):
    path = tmp_path / "file"
    path.write_text("a longer text than the new one")
    assert write_atomically(str(path), "new") == path
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file_and_no_rest(step, tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_data_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    order = []
    real_fsync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), real_fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (order.append("replace"), real_replace(*names)))
    write_atomically(tmp_path / "file", "new")
    assert order == ["fsync", "replace"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        path = write_atomically(tmp_path / "file", "x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def _rewrite(path):
    contents = [letter * 200_000 for letter in "ab"]
    while True:
        for content in contents:
            write_atomically(path, content)


@pytest.mark.skipif(os.name != "posix", reason="kills a process with SIGKILL")
def test_a_reader_and_a_kill_never_see_half_a_file(tmp_path):
    path = write_atomically(tmp_path / "file", "a" * 200_000)
    for _ in range(3):
        writer = multiprocessing.get_context("spawn").Process(target=_rewrite, args=(path,))
        writer.start()
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            content = path.read_text()
            assert content in ("a" * 200_000, "b" * 200_000)
        writer.kill()
        writer.join()
        assert path.read_text() in ("a" * 200_000, "b" * 200_000)


def test_a_file_that_is_there_or_appears_meanwhile_is_not_replaced_where_that_is_asked(tmp_path, monkeypatch):
    path = tmp_path / "file"
    assert write_atomically(path, "mine", replace=False) == path
    with pytest.raises(FileExistsError):
        write_atomically(path, "the course's", replace=False)
    path.unlink()

    def no_second_names(*_):
        path.write_text("written meanwhile")
        raise OSError("not on this file system")

    monkeypatch.setattr(os, "link", no_second_names)
    with pytest.raises(FileExistsError):
        write_atomically(path, "the course's", replace=False)
    assert path.read_text() == "written meanwhile"
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("not on this file system")))
    path.unlink()
    assert write_atomically(path, "new", replace=False).read_text() == "new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_names_the_file_it_had_no_room_for(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_atomically(tmp_path / "file", "new")
    assert caught.value.filename == str(tmp_path / "file")


def test_what_is_an_accounts_own_lies_beside_the_course_or_else_in_its_state_folder(tmp_path, monkeypatch):
    assert own_folder(tmp_path) == tmp_path / ".course"
    assert owner(tmp_path) == tmp_path.owner()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert is_shared(tmp_path)
    assert own_folder(tmp_path).name == "course_lib"
