"""%%cuda NAME keeps the source, compiles it, and prints errors instead of raising them."""

import numpy as np
import pytest
from IPython.testing.globalipapp import start_ipython

from course_lib import cuda
from course_lib.cuda import waiting

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


def test_a_kernel_that_is_still_empty_is_not_called_done(shell, capsys):
    empty = 'extern "C" __global__ void k(float* x) {\n    // Q2.6: here\n}\n'
    shell.run_cell_magic("cuda", "mine", empty)
    assert capsys.readouterr().out == "mine is still empty: k\n"
    shell.run_cell_magic("cuda", "mine", GOOD + empty.replace("k(", "other("))
    assert capsys.readouterr().out == "mine compiles: k; still empty: other\n"


def test_a_kernel_that_only_names_its_shared_memory_is_still_empty(shell, capsys):
    given = 'extern "C" __global__ void k(float* x) {\n    extern __shared__ float row[];\n    // yours\n}\n'
    shell.run_cell_magic("cuda", "mine", given)
    assert capsys.readouterr().out == "mine is still empty: k\n"
    shell.run_cell_magic("cuda", "mine", given.replace("// yours", "row[0] = x[0];"))
    assert capsys.readouterr().out == "mine compiles: k\n"


LAUNCHES = """
from course_lib import cuda

told = []
for _ in range(3):
    try:
        cuda.compile(endless, device="host", time_limit=0.5)["k"](1, 1, (1,))
    except cuda.NotEnded as error:
        told.append(str(error))
"""


def test_a_kernel_that_does_not_end_is_waited_for_once_in_a_cell_and_anew_in_the_next(shell):
    shell.user_ns["endless"] = 'extern "C" __global__ void k(int n) { while (n) __threadfence(); }'
    for _ in range(2):
        shell.run_cell(LAUNCHES)
        first, *others = shell.user_ns["told"]
        assert "did not end within 0.5 s" in first
        assert others == [f"not launched again in this cell: {first}"] * 2


def test_a_kernel_beside_one_that_does_not_end_is_launched_and_no_launch_outside_of_cells_is_refused(shell):
    shell.user_ns["endless"] = (
        'extern "C" __global__ void k(int n) { while (n) __threadfence(); }\n'
        'extern "C" __global__ void fine(int* x) { x[0] = 7; }\n'
    )
    shell.run_cell(
        LAUNCHES
        + "import numpy as np\nx = np.zeros(1, np.int32)\n"
        + 'cuda.compile(endless, device="host")["fine"](1, 1, (x,))\n'
    )
    assert shell.user_ns["x"].tolist() == [7]
    with pytest.raises(cuda.NotEnded, match=r"^kernel k did not end"):
        cuda.compile(shell.user_ns["endless"], device="host", time_limit=0.5)["k"](1, 1, (1,))


def test_a_kernel_too_slow_for_the_inspector_may_still_be_launched(monkeypatch):
    monkeypatch.setattr(waiting, "_told", {})
    waiting.note("source", "k", True, "slow")
    waiting.check("source", "k", inspected=False)
    with pytest.raises(cuda.NotEnded):
        waiting.check("source", "k", inspected=True)
    waiting.note("plain", "k", False, "endless")
    with pytest.raises(cuda.NotEnded):
        waiting.check("plain", "k", inspected=True)


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
