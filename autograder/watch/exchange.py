"""Submissions in nbgrader's exchange: folders STUDENT+ASSIGNMENT+TIME, which `nbgrader submit` makes."""

import contextlib
import hashlib
import json
from datetime import UTC
from pathlib import Path

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import parse_utc

from autograder import timestamps
from autograder.conversion import logger
from autograder.course import Course
from autograder.handed_in import NotReadable, read_below
from course_lib.commands import submission
from course_lib.commands.submission import Submission
from course_lib.errors import UserError
from course_lib.examination.notebook_file import MAX_BYTES


class Exchange:
    """The exchange of the course, if it has one."""

    def __init__(self, course: Course):
        self._course, self._config = course, course.config()
        root = self._config.Exchange.get("root", ExchangeReleaseFeedback.root.default_value)
        self._place = Path(str(root)) / course.directory().course_id

    @property
    def inbound(self) -> Path:
        """Where submissions lie."""
        return self._place / "inbound"

    def is_whole(self, folder: Path) -> bool:
        """Whether nbgrader has finished writing a submission: its secret comes last."""
        return (folder / timestamps.SECRET).is_file()

    def read(self, folder: Path) -> Submission:
        """A submission, with a receipt made from what the folder says. Raises UserError where it is none."""
        try:
            student, assignment, time = folder.name.rsplit("+", 3)[:3]
            submitted = parse_utc(time).replace(microsecond=0, tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise UserError("its name is not STUDENT+ASSIGNMENT+TIME") from error
        student = submission.of_one_person(student)
        notebook, secret = self._course.source(assignment).name, ""
        try:
            data = read_below(folder.parent, folder.name, notebook, most=MAX_BYTES)
            with contextlib.suppress(NotReadable):  # an older nbgrader wrote none
                secret = read_below(folder.parent, folder.name, timestamps.SECRET).decode("ascii")
        except (NotReadable, UnicodeDecodeError) as error:
            raise UserError(str(error)) from error
        digest = hashlib.sha256(data).hexdigest()
        receipt = {
            "assignment": assignment,
            "notebook": notebook,
            "sha256": digest,
            "submitted": f"{submitted:{submission.TIME_FORMAT}}",
            "student": student,
            "course_version": "unknown",
            "ticket": secret,
        }
        text = (json.dumps(receipt, indent=1, ensure_ascii=False) + "\n").encode()
        return Submission(assignment, notebook, digest, submitted, student, "unknown", data, text, secret)

    def release(self, assignment: str, student: str) -> None:
        """Put a student's feedback page where `nbgrader fetch_feedback` finds it; nothing without exchange.

        Raises UserError when it cannot be written.
        """
        if not self.inbound.is_dir():
            return
        directory = self._course.directory(assignment_id=assignment, student_id=student)
        try:
            ExchangeReleaseFeedback(coursedir=directory, config=self._config, log=logger).start()
        except (ExchangeError, OSError) as error:
            raise UserError(f"the exchange cannot be written: {error}") from error
