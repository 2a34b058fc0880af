"""What can go wrong with a kernel, in the words of the person who wrote it."""

from course_lib.errors import UserError


class CompileError(Exception):
    """The source was refused: the message shows each error with the line of the source it stands on.

    `problems` holds (line, sentence) pairs for editors; lines count from 1 in the source as it was given.
    """

    def __init__(self, message: str, problems: list[tuple[int, str]] = ()):
        super().__init__(message)
        self.problems = list(problems)


class KernelError(Exception):
    """The kernel was started and did not end well: a crash, an endless loop, a divergent barrier, a trap."""


class NotEnded(KernelError):
    """The kernel was stopped after its time limit, or not started again after that."""


class CourseFault(UserError):
    """The course or the machine is at fault, and no kernel: a test in which it is raised has no verdict."""


class NoCompiler(UserError):
    """There is neither a C++ compiler nor a GPU on this machine."""
