"""Handing in on the machine where it is graded: a copy of the zip in the drop folder, and a note of it.

The folder COURSE_DROP has two parts: `inbound`, where everyone may put a file and nobody may list them, and
`feedback`, where what comes back lies under a name that only its student knows.
"""

import json
import os
from pathlib import Path

from course_lib.commands import slips, workspace
from course_lib.commands.submission import TIME_FORMAT, Submission
from course_lib.errors import UserError
from course_lib.paths import write_atomically

VARIABLE = "COURSE_DROP"
INBOUND, FEEDBACK = "inbound", "feedback"
RECORD = ".handed_in.json"  # in the workspace: the tickets of what was put into the drop folder


def folder() -> Path | None:
    """The drop folder of this machine, if it has one."""
    place = os.environ.get(VARIABLE)
    return Path(place) if place else None


def hand_over(packed: Path, handed_in: Submission) -> bool:
    """Copy a zip into the drop folder, and note its ticket; False where there is no drop folder.

    Raises UserError when the copy cannot be written.
    """
    place = folder()
    if place is None:
        return False
    ticket = slips.ticket(handed_in.receipt)
    known = handed_over()
    known[ticket] = {"assignment": handed_in.assignment, "submitted": f"{handed_in.submitted:{TIME_FORMAT}}"}
    # The note first: what was handed in and not noted could never be found again.
    write_atomically(workspace.folder() / RECORD, json.dumps(known, indent=1))
    target = place / INBOUND / f"{packed.stem}-{ticket[:12]}.zip"
    try:
        if not target.parent.is_dir():
            raise UserError(
                f"{target.parent} is not there, so this zip is not handed in; whoever runs this machine sets "
                f"{VARIABLE}, and ./course watch makes the folder."
            )
        write_atomically(target, packed.read_bytes())
        target.chmod(0o644)  # whatever the umask: the instructor must read it, and nobody else finds it
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}): it is not handed in.") from error
    return True


def handed_over() -> dict[str, dict]:
    """ticket -> its assignment and time, oldest first; a damaged note is as good as none."""
    try:
        found = json.loads((workspace.folder() / RECORD).read_text("utf-8"))
        return {
            ticket: {"assignment": str(about["assignment"]), "submitted": str(about["submitted"])}
            for ticket, about in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
