"""`show` compares a kernel with its NumPy specification, size by size, and shows it on one screen."""

import numpy as np
import pytest

from course_lib.cuda import Case, show

pytestmark = pytest.mark.needs("compiler")
DOUBLE = (
    'extern "C" __global__ void double_it(const float* x, float* y, int n) '
    "{{\n    int i = threadIdx.x;\n    {}\n}}\n"
)


def doubled(n: int) -> Case:
    x = np.arange(1, n + 1, dtype=np.float32)
    return Case(1, 64, {"x": x, "y": np.empty(n, np.float32), "n": n}, {"y": 2 * x})


def test_a_right_kernel_is_right_on_every_size():
    view = show(DOUBLE.format("if (i < n) y[i] = 2 * x[i];"), doubled, [1, 33, 64])
    assert view.ok
    html = view._repr_html_()
    assert html.count("✓ right, no findings") == 3
    assert "def doubled" in html


def test_a_wrong_value_is_named_with_what_was_expected():
    view = show(DOUBLE.format("if (i < n) y[i] = i < 32 ? 2 * x[i] : x[i];"), doubled, [32, 40])
    assert [bool(v.message) for v in view.verdicts] == [False, True]
    assert view.verdicts[1].message == "y[32] should be 66, is 33 (8 of 40 differ)"


def test_a_cell_never_written_and_a_finding_are_verdicts():
    view = show(DOUBLE.format("if (i < n - 1) y[i] = 2 * x[i]; else if (i == n) y[i] = 0;"), doubled, [8])
    assert "y[7] should be 16, is nan" in view.verdicts[0].message
    assert "out of bounds" in view.verdicts[0].message


def test_the_report_shown_is_of_the_first_size_with_a_finding():
    view = show(DOUBLE.format("if (i < 16) y[i] = 2 * x[i];"), doubled, [32, 8, 16])
    assert [v.brief for v in view.verdicts] == [
        "y[16] should be 34, is nan (16 of 32 differ)",
        "out of bounds in line 3",
        "",
    ]
    assert view.report is view.verdicts[1].report
    assert "y[8], but its elements are 0 to 7" in view._repr_html_()


def test_a_compile_error_keeps_its_underline():
    html = show(DOUBLE.format("y[i] = oops;"), doubled, [8])._repr_html_()
    assert "<pre>kernel.cu, line 3: &#x27;oops&#x27;" in html


def test_a_source_that_does_not_compile_is_a_verdict():
    view = show(DOUBLE.format("y[i] = oops;"), doubled, [8])
    assert not view.ok
    assert "line 3: 'oops'" in str(view)
