"""Folders as students, download programs and unpacked archives leave them in submitted/, and what is fair.

`make` puts something at `place`, the folder of the assignment, which is not there yet (its parent is); `right`
are the bytes of a right notebook, `other` is the folder of another student who has handed in. `graded` is
true where the right notebook can be read and gets its points, and false where a reason is given instead.
"""

# ruff: noqa: E501  a case keeps its few lines

import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NAME = "doubling.ipynb"  # of the notebook
ROOT_IS_HERE = os.geteuid() == 0  # who may make a device, and reads what nobody may
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Folder:
    """One student's folder; `student` is its name, where that is what the case is about."""

    name: str
    about: str
    make: Callable[[Path, bytes, Path], None]
    graded: bool
    student: str = ""
    needs_root: bool = False  # only root can make it; anybody can be handed it
    graded_by_root: bool = False  # root reads what its owner cannot


def bind(path: Path) -> None:
    """A socket's file."""
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{here}/{path.name}")  # a socket's name must be short
    os.close(here)


def device(path: Path) -> None:
    """/dev/zero under another name."""
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))


def sparse(path: Path, size: int) -> None:
    """A file of zeros that takes no room."""
    with open(path, "wb") as file:
        file.truncate(size)


def linked(target: str) -> Callable[[Path], None]:
    """A link to `target`."""
    return lambda path: path.symlink_to(target)


def instead(make: Callable[[Path], None], name: str = NAME) -> Callable:
    """A folder with a right notebook, whose file `name` is what `make` makes."""

    def fill(place: Path, right: bytes, other: Path) -> None:
        place.mkdir()
        if name != NAME:
            (place / NAME).write_bytes(right)
        make(place / name)

    return fill


def beside(make: Callable[[Path], object]) -> Callable:
    """A right notebook and what `make` puts into its folder."""

    def fill(place: Path, right: bytes, other: Path) -> None:
        place.mkdir()
        (place / NAME).write_bytes(right)
        make(place)

    return fill


def usual(place: Path, right: bytes, other: Path) -> None:
    place.mkdir()
    (place / NAME).write_bytes(right)


def to_other(place: Path, right: bytes, other: Path) -> None:
    place.symlink_to(other)


def to_others_notebook(place: Path, right: bytes, other: Path) -> None:
    place.mkdir()
    (place / NAME).symlink_to(os.path.relpath(other / NAME, place))


def student_linked(place: Path, right: bytes, other: Path) -> None:
    place.parent.rmdir()
    place.parent.symlink_to(other.parent)


def student_is_a_file(place: Path, right: bytes, other: Path) -> None:
    place.parent.rmdir()
    place.parent.write_bytes(right)


def through_a_link(place: Path, right: bytes, other: Path) -> None:
    real = place.with_name("real")
    real.mkdir()
    (real / NAME).write_bytes(right)
    place.symlink_to("real")


def without_right(make: Callable[[Path], object], mode: int = 0) -> Callable:
    def fill(place: Path, right: bytes, other: Path) -> None:
        usual(place, right, other)
        make(place).chmod(mode)

    return fill


def many(place: Path) -> None:
    for number in range(3000):
        (place / f"{number}.ipynb").touch()


def deep(place: Path) -> None:
    here = os.open(place, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d" * 100, dir_fd=here)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def tempting(place: Path) -> None:
    for name in ("nbgrader_config.py", "conftest.py", "sitecustomize.py", "numpy.py", "jupyter_config.json"):
        (place / name).write_text("raise SystemExit('BREACH')")
    (place / "__pycache__").mkdir()
    (place / ".ipynb_checkpoints").mkdir()
    (place / ".ipynb_checkpoints" / NAME).write_text("{}")


def loop(place: Path) -> None:
    (place / "loop").symlink_to(".")
    (place / "self").symlink_to("self")
    (place / "root").symlink_to("/")


def named(name: str, about: str, student: str, graded: bool = True) -> Folder:
    return Folder(name, about, usual, graded, student)


FOLDERS = (
    Folder("link_to_other", "the folder is a link to another student's", to_other, False),
    Folder("student_linked", "the student's folder is a link to another's", student_linked, False),
    Folder("notebook_linked", "the notebook is a link to another student's", to_others_notebook, False),
    Folder("link_within", "the folder is a link to one beside it", through_a_link, False),
    Folder("link_to_itself", "the folder is a link to itself", lambda p, *_: p.symlink_to(p.name), False),
    Folder("link_to_nothing", "the folder is a link to nothing", lambda p, *_: p.symlink_to("nothing"), False),
    Folder("file_for_a_folder", "the folder is a file", lambda p, right, _: p.write_bytes(right), False),
    Folder("pipe_for_a_folder", "the folder is a named pipe", lambda p, *_: os.mkfifo(p), False),
    Folder("socket_for_a_folder", "the folder is a socket", lambda p, *_: bind(p), False),
    Folder("empty", "the folder is empty", lambda p, *_: p.mkdir(), False),
    Folder("one_too_deep", "the notebook lies one folder deeper",
           lambda p, right, _: usual((p.mkdir(), p / p.name)[1], right, p), False),
    Folder("pipe", "the notebook is a named pipe that nobody fills", instead(os.mkfifo), False),
    Folder("socket", "the notebook is a socket", instead(bind), False),
    Folder("device", "the notebook is a device without an end", instead(device), False, needs_root=True),
    Folder("endless_link", "the notebook is a link to a device without an end", instead(linked("/dev/zero")), False),
    Folder("process_link", "the notebook is a link to what a process sees", instead(linked("/proc/self/fd/0")), False),
    Folder("folder", "the notebook is a folder", instead(Path.mkdir), False),
    Folder("sparse", "the notebook has a terabyte of zeros", instead(lambda p: sparse(p, 1 << 40)), False),
    Folder("large_enough", "the notebook has sixty megabytes of zeros", instead(lambda p: sparse(p, 60 << 20)), False),
    Folder("no_bytes", "the notebook is empty", instead(Path.touch), False),
    Folder("unreadable", "nobody may read the notebook", without_right(lambda p: p / NAME), False, graded_by_root=True),
    Folder("closed", "nobody may enter the folder", without_right(lambda p: p), False, graded_by_root=True),
    Folder("closed_above", "nobody may enter the student's folder", without_right(lambda p: p.parent), False,
           graded_by_root=True),
    Folder("unlisted", "the folder may be entered, not listed", without_right(lambda p: p, 0o111), True),
    Folder("time_pipe", "the time stamp is a named pipe", instead(os.mkfifo, TIMESTAMP), True),
    Folder("time_linked", "the time stamp is a link to a secret", instead(linked("/etc/passwd"), TIMESTAMP), True),
    Folder("time_folder", "the time stamp is a folder", instead(Path.mkdir, TIMESTAMP), True),
    Folder("time_device", "the time stamp is a device", instead(device, TIMESTAMP), True, needs_root=True),
    Folder("time_socket", "the time stamp is a socket", instead(bind, TIMESTAMP), True),
    Folder("time_large", "the time stamp has a terabyte", instead(lambda p: sparse(p, 1 << 40), TIMESTAMP), True),
    Folder("time_bytes", "the time stamp is no text", instead(lambda p: p.write_bytes(b"\xff\0" * 99), TIMESTAMP), True),
    Folder("time_far", "the time stamp is in another era",
           instead(lambda p: p.write_text("99999-99-99 12:00:00 UTC"), TIMESTAMP), True),
    Folder("time_escapes", "the time stamp clears the screen",
           instead(lambda p: p.write_text("2026-01-01\x1b[2J 12:00:00 UTC"), TIMESTAMP), True),
    Folder("time_unreadable", "nobody may read the time stamp",
           instead(lambda p: (p.touch(), p.chmod(0)), TIMESTAMP), True),
    Folder("pipes_beside", "named pipes beside the notebook", beside(lambda p: os.mkfifo(p / "data.csv")), True),
    Folder("links_beside", "links in circles beside the notebook", beside(loop), True),
    Folder("many_beside", "three thousand notebooks beside it", beside(many), True),
    Folder("deep_beside", "folders in folders, three hundred deep", beside(deep), True),
    Folder("tempting", "files that Python, Jupyter and pytest would read", beside(tempting), True),
    Folder("large_beside", "a terabyte beside the notebook", beside(lambda p: sparse(p / "data.bin", 1 << 40)), True),
    named("new_line", "a name of two lines", "eve\nbob graded 7 of 7"),
    named("escapes", "a name that clears the screen", "e\x1b[2Jve\x1b]52;c;cm0gLXJm\x07"),
    named("markup", "a name in a console's colors", "[red]eve [link=x]y"),
    named("turned", "a name that turns the direction of writing", "eve\u202egnp.exe"),
    named("spaces", "a name with spaces around it", " e v e "),
    named("formula", "a name that a spreadsheet would compute", "=1+1"),
    named("option", "a name that looks like an option", "--help"),
    named("pattern", "a name that looks like a pattern", "[a-z]*?"),
    named("quoted", "a name in quotes and SQL", "x'); DROP TABLE grade; --\""),
    named("page", "a name that is a script", "<script>alert(1)<|script>"),
    named("percent", "a name with the marks of formats", "%s {0} $HOME"),
    named("long", "a name as long as a name may be", "e" * 255),
    named("cases", "a name that differs by its case", "ADA"),
    named("other_script", "a name in two spellings of the same letters", "zoe\u0308"),
    named("half_characters", "a name that is no text", os.fsdecode(b"e\xffve"), graded=False),
)  # fmt: skip
