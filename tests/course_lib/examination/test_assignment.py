"""What the grader reads in the instructor's cells; for the notebooks that there are, it needs no IPython."""

import json
import subprocess
import sys

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from course_lib.errors import UserError
from course_lib.examination.assignment import Assignment, assigned, imported
from course_lib.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
READ = """
import sys
from pathlib import Path
from course_lib.examination.conduct import Assignment
for path in sys.argv[1:]:
    Assignment.from_source(Path(path).read_bytes()).modules
print(sorted({"IPython", "arrow"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%load_ext course_lib.cuda\nx = 1", {"x"}),
        ("%time y = 1\nfor z in []:\n    %time\n    pass", {"z"}),
        ("files = !ls\nprint(files)", {"files"}),
        ("here = %pwd", {"here"}),
        ("range?\nx = 1", {"x"}),
        ("text = '''\n%time\n'''\nx: int = 5 \\\n% 3", {"text", "x"}),
        ("%%cuda  scale\n// x = 1", {"scale"}),
        ("import math as m\ndef f():\n    inner = 1\nclass G: pass", {"f", "G"}),
    ],
)
def test_names_that_a_cell_defines_magics_or_not(source, names):
    assert assigned(source) == names


def test_what_is_no_python_is_said_in_one_line():
    with pytest.raises(UserError, match="no Python"):
        assigned("x = = 1")


def test_imports_are_found_beside_magics():
    assert imported("%load_ext course_lib.cuda\nimport math\nx = 1\nfrom a import b as c") == (
        "import math\nfrom a import b as c"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_read_as_ipython_reads_them(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and not cell.source.lstrip().startswith("%%"):
            by_ipython = TransformerManager().transform_cell(cell.source)
            assert assigned(cell.source) == assigned(by_ipython)
            assert imported(cell.source) == imported(by_ipython)


def test_reading_the_notebooks_imports_no_ipython_and_no_library_of_dates():
    """./course check waits for it."""
    paths = [str(path) for path in NOTEBOOKS]
    done = subprocess.run(
        [sys.executable, "-c", READ, *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_notebook_of_an_older_format_is_read():
    cell = {"cell_type": "code", "language": "python", "input": "x = 1", "outputs": [], "collapsed": False,
            "metadata": {"nbgrader": {"grade_id": "q00_x", "solution": True}}}  # fmt: skip
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    found = Assignment.from_source(json.dumps(old).encode())
    assert found.names == {"x"}
