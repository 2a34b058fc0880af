"""What an instructor can set, in nbgrader_config.py: c.Watch.attempts_a_day = 5."""

import os
from pathlib import Path

from traitlets import Enum, Int, TraitError, Unicode
from traitlets.config import Configurable

from autograder.course import Course
from course_lib.commands import drop
from course_lib.errors import UserError

AFTER_DUE, ALWAYS, NEVER = "after due", "always", "never"


class Watch(Configurable):
    """The settings of ./course watch."""

    drop = Unicode("", help="The drop folder; COURSE_DROP, or drop/ of the course, if empty.").tag(
        config=True
    )
    attempts = Int(0, min=0, help="Graded attempts a student and assignment; 0: any number.").tag(config=True)
    attempts_a_day = Int(0, min=0, help="Graded attempts within 24 hours; 0: any number.").tag(config=True)
    hidden = Enum(
        (AFTER_DUE, ALWAYS, NEVER), AFTER_DUE, help="When the points of hidden tests are told."
    ).tag(config=True)
    account = Unicode(
        "{student}",
        help="The account of a student on this machine; if empty, any account hands in for anyone.",
    ).tag(config=True)

    def drop_folder(self, course: Course) -> Path:
        """Where students put their zips and find their feedback."""
        return Path(self.drop or os.environ.get(drop.VARIABLE) or course.root / "drop").expanduser()

    def wants(self, student: str) -> str:
        """The account that hands in for `student`, "" for any."""
        return self.account.format(student=student)


def settings(course: Course) -> Watch:
    """Those of the course. Raises UserError for one that cannot be."""
    try:
        found = Watch(config=course.config())
        found.wants("ada")
    except TraitError as error:
        raise UserError(f"nbgrader_config.py, c.Watch: {error}") from error
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(f"nbgrader_config.py, c.Watch.account: {error} is not {{student}}.") from error
    return found
