"""%%cuda NAME keeps the source, compiles it, and prints errors instead of raising them."""

import numpy as np
import pytest
from IPython.testing.globalipapp import start_ipython

from course_lib import cuda

pytestmark = pytest.mark.needs("compiler")
GOOD = 'extern "C" __global__ void k(float* x) { x[0] = 1; }\n'


@pytest.fixture(scope="module")
def shell():
    shell = start_ipython()
    shell.run_line_magic("load_ext", "course_lib.cuda")
    return shell


def test_the_source_is_kept_and_its_kernels_named(shell, capsys):
    shell.run_cell_magic("cuda", "mine", GOOD)
    assert shell.user_ns["mine"] == "\n" + GOOD
    assert capsys.readouterr().out == "mine compiles: k\n"


def test_an_error_is_printed_with_the_students_line_and_the_source_kept(shell, capsys):
    broken = GOOD.replace("1;", "one;")
    shell.run_cell_magic("cuda", "mine", "\n" + broken)
    assert "kernel.cu, line 3: 'one' was not declared" in capsys.readouterr().out
    assert shell.user_ns["mine"] == "\n\n" + broken


def test_without_a_compiler_the_source_is_kept_all_the_same(shell, capsys, monkeypatch):
    monkeypatch.setattr("course_lib.cuda.magic.available", lambda: None)
    shell.run_cell_magic("cuda", "other", GOOD)
    assert shell.user_ns["other"] == "\n" + GOOD
    assert "no compiler" in capsys.readouterr().out


@pytest.mark.parametrize("above", ["", "\n", "\n\n\n"])
def test_lines_are_counted_as_jupyterlab_counts_them_in_the_cell(shell, capsys, above):
    # Without a line break at its end, as JupyterLab sends a cell.
    body = 'extern "C" __global__ void k(float* x) {\n    x[threadIdx.x] = 1;\n    x[40] = 2;\n}'
    shell.run_cell(f"{above}%%cuda mine\n{body.replace('2;', 'two;')}")
    lines = above.count("\n") + 1
    assert f"kernel.cu, line {lines + 3}: 'two' was not declared" in capsys.readouterr().out
    shell.run_cell(f"{above}%%cuda mine\n{body}")
    module = cuda.compile(shell.user_ns["mine"], device="host")
    (finding,) = module.inspect("k", 1, 4, (np.zeros(4, np.float32),)).findings
    assert (finding.kind, finding.line) == ("out of bounds", lines + 3)
