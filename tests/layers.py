"""The layers of course_lib, and what a file imports: one definition for the test and for the picture.

`tests/test_layers.py` holds every module to it; `docs/draw_architecture.py` draws what it says.
"""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The floors of course_lib from the ground up; a room is a file or a folder directly in it. What stands on
# one floor may use everything below it. Only on the floors of TOGETHER may rooms use each other.
FLOORS = {
    "ground": {"arguments", "call_filter", "errors", "paths", "seal", "seeds", "version"},
    "kernels": {"cuda"},
    "notebook": {"notebook"},
    "facts": {"shapes", "hardware", "datasets", "downloads", "text_files", "costs"},
    "engines": {"training", "attention", "kv_cache", "ranks", "autodiff", "transformer"},
    "topics": {
        "nonlinearity", "quantization", "heads", "learning_rate", "overfitting", "parallelism", "serving",
        "offload", "sentiment", "gpt", "distributed", "accounting", "federated",
    },
    "demos": {"demos"},
    "commands": {"commands", "__main__"},
}  # fmt: skip
TOGETHER = {"ground", "facts", "engines", "commands"}
# Beside them: the student's cells in one process, tests in another. Only commands may use it.
EXAMINATION, EXAMINATION_USES = "examination", {"ground", "kernels"}


@functools.cache
def imported_names(path: Path) -> frozenset[str]:
    """Dotted names that a file imports anywhere in it, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from course_lib import costs` imports course_lib.costs
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return frozenset(names)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
