"""The engine, and copies of it with a mistake, as one module each."""

import importlib
import itertools
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parents[3] / "course_lib" / "autodiff"
PARTS = ("scalar", "tensor", "strides", "graph", "functional", "modules", "optimizers", "check", "recording")
_numbers = itertools.count()


def load(name: str) -> ModuleType:
    """The package with its modules as attributes."""
    for part in PARTS:
        importlib.import_module(f"{name}.{part}")
    return importlib.import_module(name)


def mistaken(folder: Path, edits: list[tuple[str, str, str]]) -> ModuleType:
    """A copy with edits (file, text, other text), written to a folder and loaded under a name of its own.

    Each text must stand in its file exactly once.
    """
    name = f"mistaken_autodiff_{next(_numbers)}"
    sources = {path.relative_to(PACKAGE): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    for file, old, new in edits:
        assert sources[Path(file)].count(old) == 1, f"{old!r} stands not once in {file}"
        sources[Path(file)] = sources[Path(file)].replace(old, new)
    for path, source in sources.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.replace("course_lib.autodiff", name), "utf-8")
    sys.path.insert(0, str(folder))
    try:
        return load(name)
    finally:
        sys.path.remove(str(folder))
