"""A course folder: its assignments, the folders nbgrader works in, and nbgrader set up for it."""

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from course_lib.commands.workspace import is_graded
from course_lib.errors import UserError
from course_lib.paths import ROOT


@dataclass(frozen=True)
class Course:
    """The course whose files lie in `root`. Nothing here imports nbgrader before it is needed."""

    root: Path

    @classmethod
    def here(cls) -> "Course":
        """The course that this program belongs to, or the one in the folder that COURSE_ROOT names."""
        root = Path(os.environ.get("COURSE_ROOT", ROOT)).resolve()
        if not (root / "nbgrader_config.py").is_file():
            raise UserError(f"{root} is no course folder: it has no nbgrader_config.py.")
        return cls(root)

    @property
    def exports(self) -> Path:
        """Where reports and grade files go."""
        return self.root / "exports"

    def assignments(self) -> list[str]:
        """Names of all assignments: the folders of notebooks/ that hold a graded notebook."""
        return [folder.name for folder in self._folders() if is_graded(folder)]

    def ungraded(self) -> list[Path]:
        """The folders of notebooks/ that students get as they are: none of their cells earns points."""
        return [folder for folder in self._folders() if not is_graded(folder)]

    def _folders(self) -> list[Path]:
        return sorted({path.parent for path in (self.root / "notebooks").glob("*/*.ipynb")})

    def source(self, assignment: str) -> Path:
        """The instructor's notebook.

        Raises UserError when the assignment has none, or more than one, and when it is not graded.
        """
        folder = next((folder for folder in self._folders() if folder.name == assignment), None)
        if folder is None:
            close = get_close_matches(assignment, self.assignments(), 1, 0.4)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(self.assignments())}."
            raise UserError(f"There is no assignment {assignment!r}; {hint}")
        if not is_graded(folder):
            raise UserError(f"notebooks/{assignment} is not graded: students get it as it is.")
        found = sorted(folder.glob("*.ipynb"))
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise UserError(
                f"notebooks/{assignment} holds several notebooks ({names}); one is an assignment."
            )
        return found[0]

    def notebook(self, step: str, student: str, assignment: str) -> Path:
        """A student's notebook in `step`: submitted or autograded."""
        return self.root / step / student / assignment / self.source(assignment).name

    def submitters(self, assignment: str) -> list[str]:
        """Ids of the students who have handed in `assignment`, whether or not it can be read."""
        submitted = self.root / "submitted"
        students = os.listdir(submitted) if submitted.is_dir() else []
        return sorted(
            name for name in students if not name.startswith(".") and _is_there(submitted / name / assignment)
        )

    def config(self):
        """nbgrader's configuration, read from nbgrader_config.py as nbgrader itself reads it."""
        from traitlets.config.loader import PyFileConfigLoader

        return PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()

    def directory(self, **traits):
        """nbgrader's CourseDirectory for this course; `traits` such as assignment_id are set on it."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config(), **traits)

    def gradebook(self):
        """The open gradebook, to be used in a `with` statement."""
        from nbgrader.api import Gradebook

        return Gradebook(self.directory().db_url)

    def released_notebook(self, gradebook, assignment: str):
        """The open gradebook's entry of a released notebook. Raises UserError when it is not released."""
        from nbgrader.api import MissingEntry

        try:
            return gradebook.find_notebook(self.source(assignment).stem, assignment)
        except MissingEntry as error:
            raise UserError(
                f"{assignment} is not released; run ./course release {assignment} first."
            ) from error


def _is_there(path: Path) -> bool:
    """Whether something has that name, even a link to nothing, or one in a folder that nobody may enter."""
    try:
        path.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
