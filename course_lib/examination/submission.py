"""A submission, put right: released cells as they were released, whatever became of them."""

import re
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.corpus.words import generate_corpus_id

from course_lib.examination.assignment import Assignment, Cell
from course_lib.examination.notebook_file import TooMuch, contents
from course_lib.examination.prose import Given, Passage, passage

MARK_SCHEME = "BEGIN MARK SCHEME"
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # as nbformat 4.5 has it


class Unreadable(Exception):
    """The submission is no notebook that can be graded; the message is one line."""


@dataclass
class Submission:
    """The notebook in the order in which it is run, and what was odd about it.

    `cells` pairs each cell with the instructor's cell that it is, or None for the student's own. `written` is
    what the student wrote in words anywhere, also in cells whose text was put back. `measuring` and
    `demos` are the assignment's.
    """

    notebook: NotebookNode
    cells: list[tuple[NotebookNode, Cell | None]]
    flags: list[str] = field(default_factory=list)
    written: list[Passage] = field(default_factory=list)
    measuring: frozenset[str] = frozenset()
    demos: frozenset[str] = frozenset()

    @property
    def not_run(self) -> set[int]:
        """Places of the cells that are not run: demos, and the measurements below all that must be run.

        A test, and whatever a student wrote or changed, must be, with all that stands above it but demos.
        """
        code = {place: (text, known) for place, (cell, known) in enumerate(self.cells)
                if cell.cell_type == "code" and (text := cell.source.strip())}  # fmt: skip
        shows = {place for place, (text, known) in code.items() if known is None and text in self.demos}
        last = max(
            (
                place
                for place, (text, known) in code.items()
                if place not in shows
                and ((known is not None and known.is_test) or text not in self.measuring)
            ),
            default=-1,
        )
        return shows | {place for place in code if place > last}


def read(data: bytes, assignment: Assignment) -> Submission:
    """Put the notebook in `data` right by `assignment`. Raises Unreadable."""
    notebook = read_cells(data)
    written = find_written(
        notebook, {cell.name: cell.cell_type for cell in assignment.cells}, assignment.given
    )
    flags: list[str] = []
    released = {cell.name: cell for cell in assignment.cells}
    cells: list[tuple[NotebookNode, Cell | None]] = []
    for given in reversed(notebook.cells):
        name = _name(given)
        # The last of several copies counts: it is the one whose definition holds at the end of a run.
        known = released.pop(name, None)
        if known is None and name is not None and any(cell.name == name for cell in assignment.cells):
            flags.append(f"a copy of {name}")
        cells.insert(0, (_put_right(given, known, flags), known))
    for cell in assignment.cells:
        if cell.name in released and (cell.is_ours or cell.metadata["grade"]):
            flags.append(f"{cell.name} was deleted")
            _put_back(cells, cell, assignment)
    _tests_after_solutions(cells, assignment)
    flags = list(dict.fromkeys(flags))
    return Submission(notebook, cells, flags, written, assignment.measuring, assignment.demos)


def find_written(notebook: NotebookNode, kinds: dict[str, str], given: Given) -> list[Passage]:
    """What a student wrote in words, cell by cell; `kinds` are types of cells by grade_id.

    Of several copies, only the last has the name. Code that was turned into text is still code. Nothing where
    it is not known what students were given.
    """
    found, free = [], set(kinds)
    for place, cell in reversed(list(enumerate(notebook.cells, 1)) if given.lines else []):
        name = _name(cell) if _name(cell) in free else None
        free.discard(name)
        is_code = kinds.get(name, cell.cell_type) == "code"
        if (words := passage(cell, place, name, is_code, given)) is not None:
            found.insert(0, words)
    return found


def read_cells(data: bytes) -> NotebookNode:
    """The notebook in `data` as nbformat 4: its cells with text and names, no output. Raises Unreadable."""
    try:
        raw = contents(data)
    except TooMuch as error:
        raise Unreadable(str(error)) from None
    except ValueError as error:
        raise Unreadable(f"it is no notebook: not JSON ({str(error)[:80]})") from None
    if raw is None:
        raise Unreadable("it is no notebook: JSON of another kind")
    try:
        if raw.get("nbformat") == 4:
            found = nbformat.from_dict(raw)
        else:
            found = nbformat.convert(nbformat.from_dict(raw), 4)
        given = found.get("cells")
        if not isinstance(given, list):
            raise Unreadable("it is no notebook: it has no list of cells")
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"it is no notebook of a known format ({type(error).__name__})") from None
    metadata = found.get("metadata")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    found = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}})
    if isinstance(metadata, dict) and isinstance(metadata.get("language_info"), dict):
        found.metadata["language_info"] = {"name": "python"}
    found.cells = [cell for cell in map(_cell, given) if cell is not None]
    return found


def _cell(given) -> NotebookNode | None:
    """A cell of a known type with text in it, or None."""
    if not isinstance(given, dict):
        return None
    source = given.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    source = _whole_characters(source)
    kind = given.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    # Made here: nbformat's own makers hold each cell to its schema, which takes as long as all the rest.
    cell = NotebookNode(id=_id(given.get("id")), cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.execution_count, cell.outputs = None, []
    elif kind == "markdown" and (pictures := _pictures(given.get("attachments"))):
        cell.attachments = pictures
    marks = given.get("metadata")
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str):
        cell.metadata["nbgrader"] = {"grade_id": marks["grade_id"]}
    return cell


def _id(given) -> str:
    """The name of a cell in its file, or a new one where that is none."""
    if isinstance(given, str) and CELL_ID.fullmatch(given):
        return given
    return generate_corpus_id()


def _pictures(attachments) -> dict[str, dict[str, str]]:
    """Attached pictures by their names, each as {MIME type: base 64}; anything else is left out."""
    if not isinstance(attachments, dict):
        return {}
    found = {}
    for name, bundle in attachments.items():
        bundle = bundle if isinstance(bundle, dict) else {}
        kept = {
            kind: _whole_characters(data)
            for kind, data in bundle.items()
            if kind in PICTURES and isinstance(data, str)
        }
        if kept:
            found[_whole_characters(name)] = kept
    return found


def _whole_characters(text: str) -> str:
    """`text` as UTF-8 can hold it: JSON can name halves of characters, which no file can keep."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(cell) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _put_right(given, known: Cell | None, flags: list[str]):
    given.metadata.pop("nbgrader", None)
    if known is None:
        return given
    source = given.source
    if known.is_ours:
        source = known.source
        shown = not known.is_hidden and MARK_SCHEME not in known.source
        if shown and given.source.strip() != source.strip():
            flags.append(f"{known.name} is not the released one, which was run in its place")
    if given.cell_type != known.cell_type:
        flags.append(f"{known.name} was turned into {given.cell_type}")
        given = _new(known, source)
    given.source = source
    given.metadata["nbgrader"] = dict(known.metadata)
    return given


def _new(known: Cell, source: str):
    make = nbformat.v4.new_code_cell if known.cell_type == "code" else nbformat.v4.new_markdown_cell
    return make(source, metadata={"nbgrader": dict(known.metadata)})


def _put_back(cells: list, missing: Cell, assignment: Assignment) -> None:
    """Insert a cell after the last of those that stand before it in the assignment.

    A test goes to the end when nobody knows which cell holds the work that it tests: its marks are gone.
    """
    before = assignment.cells[: assignment.cells.index(missing)]
    names = {cell.name for cell in before}
    places = [i for i, (_, known) in enumerate(cells) if known is not None and known.name in names]
    place = max(places) + 1 if places else 0
    work = [cell.name for cell in before if cell.metadata["solution"] and cell.cell_type == "code"]
    tested = work[-1] if work else None
    if (
        missing.is_test
        and tested is not None
        and all(known is None or known.name != tested for _, known in cells)
    ):
        place = len(cells)
    source = missing.source if missing.is_ours else ""
    cells.insert(place, (_new(missing, source), missing))


def _tests_after_solutions(cells: list, assignment: Assignment) -> None:
    """A test that a student moved above the work it tests goes below it."""
    order = {cell.name: i for i, cell in enumerate(assignment.cells)}
    for entry in [entry for entry in cells if entry[1] is not None and entry[1].is_test]:
        at = cells.index(entry)
        later = [
            place
            for place, (_, known) in enumerate(cells)
            if place > at and known is not None and known.metadata["solution"]
            if order[known.name] < order[entry[1].name]
        ]
        if later:
            cells.remove(entry)
            cells.insert(max(later), entry)
