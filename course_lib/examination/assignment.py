"""An assignment as the grader knows it: the instructor's cells, and the names that students define."""

import ast
import contextlib
import functools
import hashlib
import json
import re
from dataclasses import dataclass, field, replace

import nbformat

from course_lib.errors import UserError
from course_lib.examination.prose import Given

SCHEMA_VERSION = 3  # of nbgrader's metadata
HIDDEN = "BEGIN HIDDEN TESTS"
HIDDEN_STUB = "# Hidden tests run here when your work is graded."  # what students find in their place
LINE_MAGIC = re.compile(r"^%[a-z].*$", re.MULTILINE)  # alone on its line, as in `%load_ext course_lib.cuda`
SHOWN = re.compile(r"demos(\.\w+)+\.show")
ADAPTER = (
    "adapter"  # a locked cell with this tag turns a student's class into plain functions, beside the class
)


@dataclass(frozen=True)
class Cell:
    """A named cell of the instructor's notebook: its source, and nbgrader's marks for it."""

    name: str
    cell_type: str
    source: str
    metadata: dict
    imports: str = ""
    is_adapter: bool = False

    @property
    def is_test(self) -> bool:
        """A code cell that earns points and is not the student's."""
        return self.cell_type == "code" and self.metadata["grade"] and not self.metadata["solution"]

    @property
    def is_hidden(self) -> bool:
        """Students never see it: in their version a stub stands in its place."""
        return HIDDEN in self.source or self.source == HIDDEN_STUB

    @property
    def is_ours(self) -> bool:
        """Its text is the instructor's, whatever a submission says."""
        return self.metadata["locked"] or self.is_test or self.metadata["task"]

    @property
    def points(self) -> float:
        """What a graded cell is worth."""
        return float(self.metadata.get("points", 0))


@dataclass(frozen=True)
class Assignment:
    """The named cells of an instructor's notebook in order; `names` are what its solution cells define.

    `given` has the lines that students were given; without them nobody looks for what a student wrote.
    `measuring` has the text of the code cells below all tests, adapters and tasks that bind none of `names`:
    the instructor's measurements, figures and demos, on which no point depends. `demos` has the text of those
    without a name, wherever they stand, that only show a demo, which nobody would see.
    """

    cells: tuple[Cell, ...]
    names: frozenset[str]
    given: Given = field(default_factory=Given)
    measuring: frozenset[str] = frozenset()
    demos: frozenset[str] = frozenset()

    @classmethod
    def from_source(cls, notebook: bytes) -> "Assignment":
        """From the bytes of the instructor's notebook, solutions and hidden tests included.

        Raises UserError in one line when it is no notebook, or a solution cell is no Python.
        """
        try:
            # Not held to its schema: nbformat compiles that for as long as all the rest takes.
            found = nbformat.convert(nbformat.reader.reads(notebook.decode("utf-8")), 4)
        except Exception as error:
            raise UserError(f"The instructor's notebook cannot be read: {error}.") from error
        cells, names, below, demos = [], set(), [], set()
        for cell in found.cells:
            marks = cell.metadata.get("nbgrader", {})
            named = _cell(cell, marks) if "grade_id" in marks else None
            if named is not None:
                cells.append(named)
            if cell.cell_type != "code":
                continue
            if named is None and cell.source.strip() and only_shows(cell.source):
                demos.add(cell.source.strip())
            if named is None or not (named.is_test or named.is_adapter or marks.get("solution")):
                below.append(cell.source)
                continue
            below = []
            if not named.is_test:
                names |= assigned(named.source)
        measuring = {source.strip() for source in below if not _binds(source, names)}
        return cls(tuple(cells), frozenset(names), measuring=frozenset(measuring), demos=frozenset(demos))

    def with_all_cells(self) -> "Assignment":
        """The same, with every cell run, for whoever wants to see what it shows."""
        return replace(self, measuring=frozenset(), demos=frozenset())

    @property
    def tests(self) -> dict[str, Cell]:
        """The test cells by grade_id, in order."""
        return {cell.name: cell for cell in self.cells if cell.is_test}

    def without_hidden_tests(self) -> "Assignment":
        """What a student can be told about."""
        return replace(
            self, cells=tuple(cell for cell in self.cells if not (cell.is_test and cell.is_hidden))
        )

    @functools.cached_property
    def modules(self) -> list[str]:
        """What the instructor's cells import, and what may be a module among its attributes.

        Without hidden tests: a student's code could see what they use among the modules that are there.
        """
        sources = [cell.source if cell.is_ours else cell.imports for cell in self.cells
                   if cell.cell_type == "code" and not cell.is_hidden
                   and not cell.source.lstrip().startswith("%%")]  # fmt: skip
        nodes = []
        for source in sources:
            with contextlib.suppress(UserError):  # whoever runs the cell says what is wrong with it
                nodes += ast.walk(_parsed(source))
        packages: dict[str, str] = {}  # by the names that the cells give them
        found: list[str] = []
        for node in nodes:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                packages |= {
                    alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
                }
                found.append(node.module)
        found += packages.values()
        found += [
            f"{packages[node.value.id]}.{node.attr}"
            for node in nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in packages
        ]
        return list(dict.fromkeys(found))

    @property
    def digest(self) -> str:
        """SHA-256 of everything a result depends on besides the submission."""
        parts = [[cell.name, cell.cell_type, cell.source, cell.metadata] for cell in self.cells]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _cell(cell, marks) -> Cell:
    kept = {key: bool(marks.get(key)) for key in ("grade", "solution", "task", "locked")}
    kept |= {"grade_id": marks["grade_id"], "schema_version": SCHEMA_VERSION, "cell_type": cell.cell_type}
    if "points" in marks:
        kept["points"] = float(marks["points"])
    imports = ""
    if cell.cell_type == "code" and kept["solution"]:
        imports = imported(cell.source)
    tagged = ADAPTER in cell.metadata.get("tags", [])
    return Cell(marks["grade_id"], cell.cell_type, cell.source, kept, imports, tagged)


@functools.lru_cache(1000)  # of the instructor's cells, whose text is the same in each submission
def assigned(source: str) -> frozenset[str]:
    """Names that a cell defines at its top level, imports left out; for a %%cuda cell, its variable."""
    if found := re.match(r"\s*%%cuda\s+(\w+)", source):
        return frozenset((found[1],))
    names = set()
    for node in _walk_top_level(_parsed(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return frozenset(names)


def only_shows(source: str) -> bool:
    """Whether a cell does nothing but show a demo."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [node.value.func for node in statements
             if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]  # fmt: skip
    return len(calls) == len(statements) and all(SHOWN.fullmatch(ast.unparse(call)) for call in calls)


def _binds(source: str, names: set[str]) -> bool:
    """Whether a cell of the instructor's defines one of `names`, as far as its text tells."""
    try:
        return not names.isdisjoint(assigned(source))
    except UserError:
        return True


def imported(source: str) -> str:
    """The import statements at the top level of a cell, as source."""
    if source.lstrip().startswith("%%"):
        return ""
    found = [node for node in _parsed(source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return "\n".join(ast.unparse(node) for node in found)


def _parsed(source: str) -> ast.Module:
    # Only what is no Python even without line magics needs IPython, whose import takes a quarter of a second.
    for text in (source, LINE_MAGIC.sub("pass", source)):
        with contextlib.suppress(SyntaxError):
            return ast.parse(text)
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError as error:
        raise UserError(f"A solution cell of the instructor's notebook is no Python: {error}.") from error


def _walk_top_level(node: ast.AST):
    """All nodes outside of functions and classes, those themselves included."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _walk_top_level(child)
