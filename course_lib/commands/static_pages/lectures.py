"""A lecture's notebook without a kernel: its texts, and the demos that its cells show."""

import contextlib
import io
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from course_lib.commands.static_pages import grid
from course_lib.commands.static_pages.pack import Pack
from course_lib.commands.static_pages.states import Explored, Stage, explore


@dataclass(frozen=True)
class Lecture:
    """What a page is written from: blocks of Markdown and of states, in order, and the figures' parts.

    seconds: of the processor, for all states.
    """

    name: str
    blocks: list[str | Explored]
    values: list
    seconds: float


def cells(path: Path) -> list[tuple[str, str]]:
    """Kind and source of each cell of a notebook."""
    notebook = json.loads(path.read_text("utf-8"))
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def stages(path: Path) -> list:
    """For each code cell of a lecture a function that runs it again and returns its Stage."""
    names: dict = {}

    def opener(source: str):
        def opened() -> Stage:
            shown: list = []
            with _alone(), mock.patch("IPython.display.display", lambda *what, **_: shown.extend(what)):
                exec(compile(source, str(path), "exec"), names)
            return Stage(shown[-1])

        return opened

    return [opener(source) for kind, source in cells(path) if kind == "code"]


@contextlib.contextmanager
def _alone():
    """As in a notebook that somebody looks at: nobody grades, and progress bars find no terminal."""
    with mock.patch.dict(os.environ), contextlib.redirect_stdout(io.StringIO()):
        os.environ.pop("NBGRADER_EXECUTION", None)
        yield


def lecture(path: Path) -> Lecture:
    """All states of the demos in a lecture's notebook."""
    before, pack, blocks = time.process_time(), Pack(), []
    opened = iter(stages(path))
    most = grid.MORE.get(path.stem, grid.STATES)
    for kind, source in cells(path):
        blocks.append(explore(next(opened), most, pack) if kind == "code" else source)
    return Lecture(path.stem, blocks, pack.values, time.process_time() - before)
