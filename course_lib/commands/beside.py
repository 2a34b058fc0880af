"""Is it the right notebook that is handed in? What was never touched, and what else lies beside it."""

import json
from pathlib import Path


def untouched(notebook: bytes, released: bytes) -> bool:
    """Whether every cell for the student's work reads as the course gave it, and none of them is gone.

    False for what is no notebook: that is said elsewhere.
    """
    try:
        written, given = _work(notebook), _work(released)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return bool(given) and written == given


def others(notebook: Path) -> list[str]:
    """Names of other notebooks in its folder, the newest first."""
    found = [path for path in notebook.parent.glob("*.ipynb") if path.is_file() and path != notebook]
    return [path.name for path in sorted(found, key=lambda path: -path.stat().st_mtime)]


def _work(notebook: bytes) -> dict[str, str]:
    """grade_id -> text of the cells in which a student writes."""
    cells = json.loads(notebook)["cells"]
    marked = [(cell, cell["metadata"].get("nbgrader", {})) for cell in cells]
    return {
        marks["grade_id"]: "".join(cell["source"]).strip() for cell, marks in marked if marks.get("solution")
    }
