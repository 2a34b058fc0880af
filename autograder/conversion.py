"""Running one of nbgrader's converters in this process, with the reason when it fails."""

import logging
import os
import sys

from traitlets.config import Config

from autograder.course import Course
from autograder.limited import Failed, one_line
from course_lib.errors import UserError

logger = logging.getLogger("autograder.nbgrader")
logger.addHandler(logging.NullHandler())
logger.propagate = False  # what a user must read is in the exception; a progress bar stays whole


class ConversionFailed(Exception):
    """nbgrader could not convert one assignment or submission; the message is one line, the reason."""


class _Reason(logging.Handler):
    """Keeps the exception that nbgrader's converters log and replace by 'see the traceback above'."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.error = None

    def emit(self, record):
        self.error = sys.exc_info()[1] or self.error


def convert(
    converter: type,
    course: Course,
    assignment: str,
    student: str = "*",
    settings: dict[str, dict] | None = None,
) -> None:
    """Run `converter` (an nbgrader BaseConverter) on one assignment, again if it was run before.

    `settings`, by class and trait, go before those of the course.
    Raises UserError as our preprocessors raise it, ConversionFailed for anything else.
    """
    from nbgrader.converters.base import NbGraderException

    directory = course.directory(assignment_id=assignment, student_id=student)
    config = course.config()
    config.merge(Config(settings or {}))
    process = converter(coursedir=directory, config=config, log=logger)
    process.force = True
    reason = _Reason()
    logger.addHandler(reason)
    try:
        process.start()
    except NbGraderException as error:
        cause = reason.error or error
        if isinstance(cause, UserError):
            raise cause from error
        if isinstance(cause, Failed):
            raise ConversionFailed(str(cause)) from cause
        raise ConversionFailed(one_line(cause)) from cause
    finally:
        logger.removeHandler(reason)
        # nbgrader leaves it set when a notebook fails; demos would then stay static in this process.
        os.environ.pop("NBGRADER_EXECUTION", None)
