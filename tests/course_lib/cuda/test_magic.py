"""%%cuda NAME keeps the source, compiles it, and prints errors instead of raising them."""

import pytest
from IPython.testing.globalipapp import start_ipython

pytestmark = pytest.mark.needs("compiler")
GOOD = 'extern "C" __global__ void k(float* x) { x[0] = 1; }\n'


@pytest.fixture(scope="module")
def shell():
    shell = start_ipython()
    shell.run_line_magic("load_ext", "course_lib.cuda")
    return shell


def test_the_source_is_kept_and_its_kernels_named(shell, capsys):
    shell.run_cell_magic("cuda", "mine", GOOD)
    assert shell.user_ns["mine"] == GOOD
    assert capsys.readouterr().out == "mine compiles: k\n"


def test_an_error_is_printed_with_the_students_line_and_the_source_kept(shell, capsys):
    broken = GOOD.replace("1;", "one;")
    shell.run_cell_magic("cuda", "mine", "\n" + broken)
    assert "kernel.cu, line 2: 'one' was not declared" in capsys.readouterr().out
    assert shell.user_ns["mine"] == "\n" + broken


def test_without_a_compiler_the_source_is_kept_all_the_same(shell, capsys, monkeypatch):
    monkeypatch.setattr("course_lib.cuda.magic.available", lambda: None)
    shell.run_cell_magic("cuda", "other", GOOD)
    assert shell.user_ns["other"] == GOOD
    assert "no compiler" in capsys.readouterr().out
