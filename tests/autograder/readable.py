"""The code that can be read in a folder, piece by piece, and what each piece does."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder import regions
from autograder.alike import kernel_statements, python_statements

FENCED = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
DEVICE_FUNCTION = re.compile(r"\n(?=extern|__device__|__global__)")


def statements(source: str) -> list[Counter[str]]:
    """What a piece of code does, function by function."""
    if regions.is_cuda(source):
        return [kernel_statements(source)]
    return [python_statements(ast.unparse(function)) for function in functions(source)]


def functions(source: str) -> list[ast.FunctionDef]:
    """All functions of a source, those in classes and in functions too; none of what Python cannot read."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic, or another language
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def pieces(folder: Path) -> Iterator[tuple[str, str]]:
    """Where each piece stands, and its text: files, kernels, cells, and what stands in pages as code."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".py":
            yield name, path.read_text("utf-8")
        elif path.suffix == ".cu":
            for part in DEVICE_FUNCTION.split(path.read_text("utf-8")):
                yield f"{name}: {part.splitlines()[0]}", "%%cuda\n" + part
        elif path.suffix == ".md":
            yield from _in_a_page(name, path.read_text("utf-8"))
        elif path.suffix == ".ipynb":
            for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
                source = "".join(cell["source"])
                if cell["cell_type"] == "code":
                    yield f"{name}, cell {number}", source
                else:
                    yield from _in_a_page(f"{name}, cell {number}", source)


def _in_a_page(name: str, text: str) -> Iterator[tuple[str, str]]:
    for code in FENCED.findall(text):
        yield name, code
        yield name, "%%cuda\n" + code
