"""One submission of the corpus: what the student did, in a few lines, and what is fair."""

import copy
import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from nbformat.v4 import new_code_cell

from tests.autograder.corpus import assignment

Points = tuple[float, float]
EITHER = None  # of a hostile submission: fair whether the task's points are kept or lost


def fair(**tasks: Points | None) -> dict[str, Points | None]:
    """Points of (visible, hidden) tests by task; a task that is not named gets all of its points."""
    return {**assignment.FULL, **tasks}


LOST = (0, 0)
ALL = fair()
NOTHING = fair(mean_square=LOST, softmax=LOST, scale=LOST)
FIRST_LOST = fair(mean_square=LOST)


@dataclass(frozen=True)
class Case:
    """A submission and its fair outcome.

    `mean_square`, `softmax` and `scale` are what the student wrote in these cells (without a word here: the
    reference solution); `before` and `after` are cells added at the top and at the end; `change` alters the
    notebook's JSON in place; `encode` alters the bytes of the file. In all of them @COURSE@, @HOME@, @PORT@
    and @MARK@ stand for the instructor's course folder, a folder of the grading user, a TCP and UDP port
    that listens on the host's loopback, and a number by which a process that stays behind is known.

    `points` is the fair outcome by task; with `ungradable` there is a reason and no
    points at all (None: fair with a reason, and without one).
    `apart` marks cells of an odd case that cannot stand in a solution cell: it would be no Python any more,
    or its function gone.
    What an attack prints when it succeeds contains "BREACH". `sequel` is the mean_square cell of another
    student's submission, graded afterwards: it must not find what this one left.
    """

    name: str
    about: str
    points: dict[str, Points | None] = field(default_factory=lambda: dict(ALL))
    mean_square: str | None = None
    softmax: str | None = None
    scale: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    change: Callable[[dict], None] | None = None
    encode: Callable[[str], bytes] = str.encode
    ungradable: bool | None = False
    sequel: str | None = None
    apart: bool = False

    @property
    def kernel(self) -> bool:
        """True for the edition with a kernel task."""
        return self.scale is not None

    def notebook(self) -> dict:
        """The submission's JSON before placeholders are filled in."""
        notebook = assignment.starter(self.kernel)
        for task in assignment.tasks(self.kernel):
            written = getattr(self, task)
            assignment.cell(notebook, f"q00_{task}")["source"] = (
                assignment.REFERENCE[task] if written is None else written
            )
        assignment.cell(notebook, "q00_explain")["source"] = "The largest value decides."
        notebook["cells"][:0] = [code(source, f"before-{i}") for i, source in enumerate(self.before)]
        notebook["cells"] += [code(source, f"after-{i}") for i, source in enumerate(self.after)]
        if self.change is not None:
            self.change(notebook)
        return notebook

    def submission(self, **places: object) -> bytes:
        """The file as handed in; `places` are values of placeholders by their names in lower case."""
        text = json.dumps(self.notebook(), ensure_ascii=False, indent=1)
        for name, value in places.items():
            text = text.replace(f"@{name.upper()}@", str(value))
        return self.encode(text)

    def everywhere(self) -> "Case":
        """This case with the cells of `before` also in solution cells, by turns, below the definitions."""
        lines = [source for source in self.before if not source.startswith("%%")]
        if self.apart or not lines or self.mean_square is not None or self.softmax is not None:
            return self
        own = {
            task: "\n\n\n".join([assignment.REFERENCE[task], *lines[first::2]])
            for first, task in enumerate(("mean_square", "softmax"))
        }
        return dataclasses.replace(self, **own)

    def following(self) -> "Case":
        """The other student's submission that `sequel` describes."""
        return Case(f"{self.name}_sequel", "what the next student finds", mean_square=self.sequel)


def code(source: str, name: str) -> dict:
    """A code cell of the student's own."""
    return json.loads(json.dumps(new_code_cell(source, id=name)))


def copied(cell: dict, suffix: str = "-copy") -> dict:
    """A cell as JupyterLab copies it: metadata and all, with an id of its own."""
    double = copy.deepcopy(cell)
    double["id"] += suffix
    return double
