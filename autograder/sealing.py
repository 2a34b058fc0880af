"""Seals the library's answers in a student edition, so that nobody reads one in passing."""

from pathlib import Path

from autograder.library import answers, files
from course_lib.errors import UserError
from course_lib.seal import sealed_function, sealed_kernel, unsealed


def seal(folder: Path) -> None:
    """Seal all that the library of the student edition in `folder` marks as an answer.

    Raises UserError where what is sealed would not open again to what it was.
    """
    for path in files(folder):
        text = path.read_text("utf-8")
        lines = text.splitlines(keepends=True)
        for answer in reversed(answers(path)):
            marker = lines[answer.first]
            if path.suffix == ".py":
                sealed = sealed_function(marker, answer.head, answer.code)
            else:
                sealed = sealed_kernel(marker, answer.code)
            lines[answer.first : answer.last] = [sealed]
        sealed = "".join(lines)
        if unsealed(sealed) != text:
            raise UserError(f"{path.name} holds an answer that cannot be sealed.")
        if sealed != text:
            path.write_text(sealed, "utf-8")
