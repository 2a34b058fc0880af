"""What nbgrader opens and copies by its path, opened as handed_in.py does: no link, no pipe, nothing large.

nbgrader copies whatever lies beside a notebook, through links and without end, and waits for ever for a
timestamp that is a pipe. Its commands and formgrader name these methods in their source, so they are replaced
there, once for all that call them.
"""

import contextlib
import os
import secrets
import stat
from datetime import datetime
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.collect import ExchangeCollect
from nbgrader.server_extensions.formgrader import formgrader

from autograder import timestamps
from autograder.exporting import ShownElsewhere
from autograder.handed_in import NotReadable, read_below
from autograder.terminal import visible
from course_lib.commands.submission import STUDENT_ID
from course_lib.examination.notebook_file import MAX_BYTES
from course_lib.paths import write_atomically

_copy_what_is_released = BaseConverter.init_assignment
_record_of = ExchangeCollect._path_to_record
_find_in_exchange = ExchangeCollect.init_src


def install() -> None:
    """From now on nbgrader obeys this in this program; calling it again does no harm."""
    formgrader.HTMLExporter = ShownElsewhere
    BaseConverter.init_assignment = copy_beside
    CourseDirectory.get_existing_timestamp = existing_timestamp
    NbGraderAPI.get_submitted_timestamp = submitted_timestamp
    ExchangeCollect._path_to_record = record_of
    ExchangeCollect.init_src = find_in_exchange
    ExchangeCollect.do_copy = collect_from_exchange


def copy_beside(self: BaseConverter, assignment_id: str, student_id: str) -> None:
    """What goes with a notebook into the next folder: its timestamp, and the secret that names its page."""
    if isinstance(self, GenerateAssignment):  # the instructor's own files
        _copy_what_is_released(self, assignment_id, student_id)
        return
    source = Path(self._format_source(assignment_id, student_id))
    target = Path(self._format_dest(assignment_id, student_id))
    for name in (timestamps.NAME, timestamps.SECRET):
        try:
            written = read_below(source.parents[1], *source.parts[-2:], name)
        except NotReadable:
            if not isinstance(self, GenerateFeedback):
                continue
            # release_feedback opens both, and one page without them would keep back everybody's.
            written = secrets.token_hex(64).encode() if name == timestamps.SECRET else b""
        write_atomically(target / name, written)


def existing_timestamp(self: CourseDirectory, dest_path: str):
    """The time in the folder of a submission, or None."""
    folder = Path(os.path.abspath(dest_path))
    return timestamps.handed_in_at(folder.parents[1], *folder.parts[-2:])


def submitted_timestamp(self: NbGraderAPI, assignment_id: str, student_id: str):
    """The time of a submission, or None."""
    folder = self.coursedir.format_path(self.coursedir.submitted_directory, student_id, assignment_id)
    return existing_timestamp(self.coursedir, folder)


def record_of(self: ExchangeCollect, path: str) -> dict:
    """nbgrader's record of a folder in the exchange, where anyone can make anything of any name."""
    with contextlib.suppress(Exception):  # it has no time in its name, or is gone
        record = _record_of(self, path)
        if STUDENT_ID.fullmatch(record["username"]) and stat.S_ISDIR(os.lstat(path).st_mode):
            return record
    name = os.path.basename(path)
    self.log.error("Left out: %s is no submission", visible(name))
    return {"username": name, "filename": None, "timestamp": datetime.min}


def find_in_exchange(self: ExchangeCollect) -> None:
    """The newest folder of each student, without what is none."""
    _find_in_exchange(self)
    self.src_records = [record for record in self.src_records if record["filename"] is not None]


def collect_from_exchange(self: ExchangeCollect, src: str, dest: str, log=None) -> None:
    """Of a folder in the exchange, the assignment's notebooks, timestamp and secret; it ends no other."""
    folder, target = Path(src), Path(dest)
    if target.parent.is_symlink():
        self.log.error("Left out: %s is a link; remove it, and collect again", visible(str(target.parent)))
        return
    released = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", target.name))
    notebooks = sorted(path.name for path in released.glob("*.ipynb"))
    for name in [*notebooks, timestamps.NAME, timestamps.SECRET]:
        try:
            written = read_below(folder.parent, folder.name, name, most=MAX_BYTES)
        except NotReadable as error:
            if name == timestamps.SECRET:  # an older nbgrader wrote none
                continue
            self.log.error("Left out of %s: %s", visible(folder.name), error)
            continue
        target.mkdir(parents=True, exist_ok=True)
        write_atomically(target / name, written)
