"""What grading one submission comes to."""

from dataclasses import dataclass, field

from course_lib.errors import UserError


class CannotGrade(UserError):
    """Nothing can be graded, and no submission is to blame: the machine or the instructor's cells are."""


@dataclass(frozen=True)
class Result:
    """The points of one submission, and what an instructor or the student may want to know about them.

    `points` has every test cell of the assignment by its grade_id; None where the test itself is wrong and a
    person must mark. `messages` says per grade_id what the test said. `flags` names behavior worth a look: a
    limit hit, a process that died, changed tests. `executed` is the notebook (nbformat 4) as nbgrader keeps
    it in autograded/: released cells restored, outputs of the student's cells and of visible tests. It holds
    the text of hidden tests, as nbgrader's does, and their verdict only in words of the tests. `answers` has
    by grade_id the SHA-256 of the text of each marked cell in it; `to_read` names answers that a person must
    read although their cells are as they were given out: the student wrote elsewhere. `reason` is "" when the
    submission could be graded; `points` is then complete. `seconds` is wall time.
    `held_up`: a time limit was hit while other processes of the machine kept it waiting.
    """

    points: dict[str, float | None] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    executed: bytes = b""
    answers: dict[str, str] = field(default_factory=dict)
    to_read: list[str] = field(default_factory=list)
    reason: str = ""
    seconds: float = 0.0
    held_up: bool = False

    @property
    def auto_points(self) -> float:
        """The sum of the tests' points."""
        return float(sum(value for value in self.points.values() if value is not None))
