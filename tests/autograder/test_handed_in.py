"""What lies below submitted/ is opened without following a link, and only if it is a small regular file."""

import os
import socket

import pytest

from autograder.batch import read_submission
from autograder.handed_in import NotReadable, read_below

PARTS = ("mal", "q00", "work.ipynb")


@pytest.fixture
def submitted(tmp_path):
    for student in ("ada", "mal"):
        folder = tmp_path / "submitted" / student / "q00"
        folder.mkdir(parents=True)
        (folder / "work.ipynb").write_text(f"{student}'s")
    return tmp_path / "submitted"


def test_a_file_of_the_students_own_is_read(submitted):
    assert read_below(submitted, *PARTS) == b"mal's"
    assert read_submission(submitted.joinpath(*PARTS)) == b"mal's"


def test_the_folder_of_the_course_may_be_reached_by_a_link(submitted, tmp_path):
    (tmp_path / "course").symlink_to(submitted)
    assert read_below(tmp_path / "course", *PARTS) == b"mal's"


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_to_another_students_work_is_not_followed_at_any_level(submitted, level, absolute):
    own, other = submitted.joinpath(*PARTS[:level]), submitted.joinpath("ada", *PARTS[1:level])
    own.rename(own.with_name("moved"))
    own.symlink_to(other if absolute else os.path.relpath(other, own.parent))
    with pytest.raises(NotReadable, match="a link is not followed"):
        read_submission(submitted.joinpath(*PARTS))


def test_pipes_sockets_devices_folders_and_what_is_not_there_are_refused_at_once(submitted, monkeypatch):
    place = submitted.joinpath(*PARTS)
    place.unlink()
    with pytest.raises(NotReadable, match="No such file"):
        read_below(submitted, *PARTS)
    os.mkfifo(place)
    with pytest.raises(NotReadable, match="no file"):
        read_below(submitted, *PARTS)
    place.unlink()
    monkeypatch.chdir(place.parent)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place.name)
        with pytest.raises(NotReadable):
            read_below(submitted, *PARTS)
    with pytest.raises(NotReadable, match="no file"):
        read_below(submitted, "mal", "q00")
    with pytest.raises(NotReadable, match="no file"):
        read_below(os.path.dirname(os.devnull), os.path.basename(os.devnull))


@pytest.mark.parametrize("name", ["x" * 300, "nul\0", ""])
def test_a_name_that_no_file_can_have_is_refused(submitted, name):
    with pytest.raises(NotReadable):
        read_below(submitted, "mal", name)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(submitted):
    with open(submitted.joinpath(*PARTS), "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(NotReadable, match="at most"):
        read_below(submitted, *PARTS)
