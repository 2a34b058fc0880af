"""What a learning platform's download says about who handed in: names of folders and files.

Moodle: "Ada Lovelace_2501_assignsubmission_file_" (the number is one of this assignment), a folder or before
the file's name. Canvas: "lovelaceada_LATE_123_456_name.zip". Blackboard:
"Question 2_alovelace_attempt_2026-01-31-12-00-00_name.zip". ILIAS: the folder "Lovelace_Ada_alovelace_123".
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from course_lib.errors import UserError
from course_lib.paths import write_atomically

MOODLE = re.compile(r"(?P<name>.+)_(?P<key>\d+)_assignsubmission_(file|onlinetext)(_(?P<rest>.*))?")
CANVAS = re.compile(r"(?P<name>[^\W_]+)(_LATE)?_(?P<key>\d+|anon\w*)_(?P<file>\d+)_(?P<rest>.+)")
BLACKBOARD = re.compile(
    r".+_(?P<key>[\w.@-]+?)_attempt_\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d(_(?P<rest>.+)|\.\w+)?", re.DOTALL
)
ILIAS = re.compile(r"(?P<last>[^_]+)_(?P<first>[^_]+)_(?P<login>[\w.@-]+)_(?P<key>\d{2,})")


@dataclass(frozen=True, order=True)
class Person:
    """Somebody as a platform names them. `key` is the platform's id, in Moodle one of a single assignment."""

    platform: str
    key: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.platform} {self.key})" if self.name else f"{self.platform} {self.key}"


def person_in(parts: Iterable[str]) -> Person | None:
    """The student a file belongs to by the names of its folders and its own, the innermost that says it."""
    *folders, file = parts
    for place, part in reversed(list(enumerate([*folders, file]))):
        is_file = place == len(folders)
        if found := MOODLE.fullmatch(part):
            return Person("Moodle", found["key"], found["name"].strip())
        if is_file and (found := BLACKBOARD.fullmatch(part)):
            return Person("Blackboard", found["key"], "")
        if is_file and (found := CANVAS.fullmatch(part)):
            return Person("Canvas", found["key"], found["name"])
        if not is_file and (found := ILIAS.fullmatch(part)):
            return Person("ILIAS", found["key"], f"{found['first']} {found['last']}")
    return None


def handed_in_name(file: str) -> str:
    """The name that the student's file had before the platform put its own words before it."""
    for pattern in (MOODLE, BLACKBOARD, CANVAS):
        if (found := pattern.fullmatch(file)) and found["rest"]:
            return found["rest"]
    return file


def is_another(one: Person, assignment: str, other: Person, others: str) -> bool:
    """Whether two are certainly two people; `assignment` and `others` are what they handed in."""
    if one.platform != other.platform:
        return False
    if one.platform != "Moodle" or assignment == others:
        return one.key != other.key
    return one.name.casefold() != other.name.casefold()


class People:
    """The person who, by the platform, has handed in under each student id: submitted/.people.json.

    An instructor's word, given by --student, decides for good whose the files of one assignment are.
    """

    def __init__(self, submitted: Path):
        self._path = submitted / ".people.json"
        self._known: list[_Row] = []
        self._is_new = False
        try:
            for row in json.loads(self._path.read_bytes()):
                self._known.append(_Row(**{**row, "person": Person(**row["person"])}))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise UserError(
                f"{self._path} cannot be read ({type(error).__name__}); it says who has handed in under "
                "which id: put it back from a backup, or delete it, after which that is noted again."
            ) from error

    def decided(self, assignment: str, person: Person | None) -> str | None:
        """The id under which an instructor has taken what this person handed in for `assignment`."""
        rows = (row for row in self._known if row.is_decided)
        return next((r.student for r in rows if (r.assignment, r.person) == (assignment, person)), None)

    def others(self, student: str, assignment: str, person: Person) -> list[Person]:
        """People other than `person` who have handed in as `student`."""
        return [
            row.person
            for row in self._known
            if row.student == student and is_another(person, assignment, row.person, row.assignment)
        ]

    def note(self, student: str, assignment: str, person: Person, is_decided: bool) -> None:
        """Remember it, for good after `save`."""
        row = _Row(student, assignment, person, is_decided)
        if is_decided:
            same = (assignment, person)
            self._known = [each for each in self._known if (each.assignment, each.person) != same]
        if all((each.student, each.assignment, each.person) != row[:3] for each in self._known):
            self._known.append(row)
            self._is_new = True

    def save(self) -> None:
        """Write down what is new. Raises OSError."""
        if not self._is_new:
            return
        rows = [{**row._asdict(), "person": asdict(row.person)} for row in sorted(self._known)]
        write_atomically(self._path, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


class _Row(NamedTuple):
    student: str
    assignment: str
    person: Person
    is_decided: bool
