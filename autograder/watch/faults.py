"""What an error is to watch: the machine's, and all must wait, or one submission's, and none must."""

import errno

from sqlalchemy.exc import DBAPIError

from course_lib.errors import UserError

# A full or broken disk, and what a process may have of memory and files.
MACHINES = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


def is_the_machines(error: BaseException | None) -> bool:
    """Whether the disk or the database is the reason, and no submission."""
    while error is not None:
        if isinstance(error, DBAPIError) or getattr(error, "errno", None) in MACHINES:
            return True
        error = error.__cause__
    return False


def said(error: Exception) -> str:
    """An error in one line."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
