"""`show` compares a kernel with its NumPy specification, size by size, and says in a line how it went."""

import time

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda import Case, show
from course_lib.cuda.coalescing import sentence

pytestmark = pytest.mark.needs("compiler")
DOUBLE = (
    'extern "C" __global__ void double_it(const float* x, float* y, int n) '
    "{{\n    int i = threadIdx.x;\n    {}\n}}\n"
)
COPY = 'extern "C" __global__ void copy(const float* x, float* y, int n) {{\n{}\n}}\n'
LARGEST = """extern "C" __global__ void largest(const float* x, float* y) {
    __shared__ float part[64];
    int t = threadIdx.x;
    part[t] = x[t];
    __syncthreads();
    for (int half = 32; half > 0; half /= 2)
        if (t < half) part[t] = fmaxf(part[t], part[t + half]);
    y[t] = part[0];
}
"""
COUNT = """extern "C" __global__ void count(const int* bin, int* bins, int n) {
    int i = threadIdx.x;
    if (i < n) atomicAdd(&bins[bin[i]], 1);
}
"""


def doubled(n: int) -> Case:
    x = np.arange(1, n + 1, dtype=np.float32)
    return Case(1, 64, {"x": x, "y": np.empty(n, np.float32), "n": n}, {"y": 2 * x})


def copied(n: int) -> Case:
    x = np.arange(1, n + 1, dtype=np.float32)
    return Case(1, 32, {"x": x, "y": np.empty(n, np.float32), "n": n}, {"y": x})


def largest(factor: int) -> Case:
    x = np.arange(64, 0, -1, dtype=np.float32) * factor
    return Case(1, 64, {"x": x, "y": np.empty_like(x)}, {"y": np.full_like(x, x[0])})


def counted(keep=()):
    def spec(n: int) -> Case:
        bin = np.arange(n, dtype=np.int32) % 4
        bins = np.zeros(4, np.int32)
        return Case(
            1, 64, {"bin": bin, "bins": bins, "n": n}, {"bins": np.bincount(bin, minlength=4)}, keep=keep
        )

    return spec


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
    assert view.verdict == "wrong at size 40: y[32] should be 66, is 33 (8 of 40 differ)"


def test_a_cell_never_written_and_a_finding_are_verdicts():
    view = show(DOUBLE.format("if (i < n - 1) y[i] = 2 * x[i]; else if (i == n) y[i] = 0;"), doubled, [8])
    assert "y[7] should be 16, is nan" in view.verdicts[0].message
    assert "out of bounds" in view.verdicts[0].message
    assert view.verdict.startswith("wrong at size 8: y[7] should be 16")
    assert view.verdict.endswith("; and an access out of bounds in line 3")


def test_the_report_shown_is_of_the_first_size_with_a_finding():
    view = show(DOUBLE.format("if (i < 16) y[i] = 2 * x[i];"), doubled, [32, 8, 16])
    assert [v.brief.partition(" (")[0] for v in view.verdicts] == [
        "y[16] should be 34, is nan",
        "an access out of bounds in line 3",
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
    assert view.verdict.startswith("does not compile: kernel.cu, line 3: 'oops'")
    assert "\n" not in repr(view)
    assert repr(view).startswith("double_it: does not compile")
    assert "None" not in view._repr_html_()


@pytest.mark.parametrize(
    "source", ["", "int x;", 'extern "C" __global__ void k(int n) { if (n) {', "__device__ int f() {"]
)
def test_a_source_in_which_no_kernel_can_be_read_is_a_verdict_too(source):
    view = show(source, doubled, [8])
    assert repr(view).startswith("kernel: does not compile: ")
    assert "\n" not in repr(view)


def test_the_verdict_is_printed_so_that_a_check_without_pictures_has_it(capsys):
    show(LARGEST, largest, [1, 2])
    assert (
        capsys.readouterr().out
        == "The inspector on largest: right at sizes 1 and 2, but a race in lines 7 and 8\n"
    )


def test_a_right_kernel_is_called_good_with_the_bar_it_reached(capsys):
    view = show(COPY.format("for (int i = threadIdx.x; i < n; i += 32) y[i] = x[i];"), copied, [1, 256])
    said = "right at sizes 1 and 256, no findings; coalescing 100%, good (at least 80% is asked for)"
    assert capsys.readouterr().out == f"The inspector on copy: {said}\n"
    html = view._repr_html_()
    assert f'<span class="good">{said}</span>' in html
    assert 'class="costly"' not in html


@pytest.mark.parametrize(("body", "share"), [
    ("for (int i = threadIdx.x * n / 32; i < (threadIdx.x + 1) * n / 32; ++i) y[i] = x[i];", "12%"),
    ("if (threadIdx.x == 0) for (int i = 0; i < n; ++i) y[i] = x[i];", "12%"),
])  # fmt: skip
def test_a_kernel_right_in_its_values_and_wasteful_is_told_from_a_good_one(body, share):
    view = show(COPY.format(body), copied, [1, 256])
    assert view.ok
    assert view.verdict == (
        f"right at sizes 1 and 256, but coalescing is {share}, poor: at least 80% is asked for; "
        "line 2 moves 256 sectors of x where 32 would do"
    )
    html = view._repr_html_()
    assert (
        html.count(f'{share}, <span class="bad">poor</span>') == 5
    )  # in both arrays, in all, in the picture
    assert 'class="costly"' in html
    assert f"coalescing {share}, poor (at least 80% is asked for)" in str(view)


def test_the_bar_may_be_that_of_some_arrays_and_of_another_height():
    body = "int t = threadIdx.x; for (int i = 0; i < n; i += 32) y[i + t] = x[t * (n / 32) + i / 32];"

    def transposed(n: int) -> Case:
        x = np.arange(n, dtype=np.float32)
        return Case(1, 32, {"x": x, "y": x.copy(), "n": n}, {"y": x.reshape(32, -1).T.ravel()})

    source = COPY.format(body)
    assert show(source, transposed, [256]).verdict.startswith(
        "right at size 256, but coalescing is 22%, poor"
    )
    view = show(source, transposed, [256], coalescing={"y": 0.9})
    assert (
        view.verdict
        == "right at size 256, no findings; coalescing of y 100%, good (at least 90% is asked for)"
    )
    assert 'class="costly"' not in view._repr_html_()
    assert show(source, transposed, [256], coalescing=0.2).verdict.startswith("right at size 256, no")


def test_bars_of_one_height_are_told_once_and_others_each():
    view = show(
        COPY.format("int i = threadIdx.x; y[i] = x[i];"), copied, [32], coalescing={"x": 0.8, "y": 0.8}
    )
    assert sentence(view.report).startswith("coalescing 100%, of too few sectors")
    source = COPY.format("for (int i = threadIdx.x; i < n; i += 32) y[i] = x[i];")
    view = show(source, copied, [256], coalescing={"x": 0.8, "y": 0.8})
    assert sentence(view.report) == "coalescing of x 100%, good; of y 100%, good (at least 80% is asked for)"
    view.report.bar = {"x": 0.8, "y": 0.5}
    assert sentence(view.report) == (
        "coalescing of x 100%, good (at least 80% is asked for); of y 100%, good (at least 50% is asked for)"
    )


def test_a_specification_without_a_source_is_shown_by_its_name():
    names = {"doubled": doubled}
    exec("def spec(n):\n    return doubled(n)", names)
    view = show(DOUBLE.format("if (i < n) y[i] = 2 * x[i];"), names["spec"], [8])
    assert view.ok
    assert "function spec" in view.specification


def test_an_array_that_may_not_be_read_at_all_is_told_so():
    source = COPY.format("for (int i = threadIdx.x; i < n; i += 32) y[i] = x[i];")
    verdict = show(source, copied, [256], most_reads={"x": 0}).verdict
    assert verdict == "right at size 256, but one element of x is read once, never allowed (line 2)"


def test_an_element_read_too_often_is_a_verdict():
    loop = "for (int i = threadIdx.x; i < n; i += 32)"
    source = COPY.format(f"float s = 0;\n{loop} s += x[i];\n{loop} y[i] = x[i] + 0.0f * s;")
    assert show(source, copied, [64]).verdict.startswith("right at size 64, no findings")
    verdict = show(source, copied, [64], most_reads={"x": 1}).verdict
    assert (
        verdict == "right at size 64, but one element of x is read 2 times, at most once allowed (lines 3, 4)"
    )


def test_a_launch_of_a_few_sectors_is_called_neither_good_nor_poor():
    source = COPY.format("if (threadIdx.x == 0) for (int i = 0; i < n; ++i) y[i] = x[i];")
    view = show(source, copied, [8])
    said = "right at size 8, no findings; coalescing 12%, of too few sectors to call it good or poor"
    assert view.verdict == said
    assert '"bad">poor' not in view._repr_html_()
    assert 'class="costly"' not in view._repr_html_()


def test_a_launch_that_was_stopped_is_not_compared_with_what_it_should_give():
    body = "if (i < n) {\n        y[i] = 2 * x[i];\n        __syncthreads();\n    }"
    view = show(DOUBLE.format(body), doubled, [8, 64])
    assert [verdict.outcome for verdict in view.verdicts] == ["stopped", "wrong"]
    assert view.verdict == "stopped at size 8: a barrier that not all threads reach in line 5"
    assert "the barrier stands inside the `if` of line 3: 8 of 64 threads wait" in view._repr_html_()
    view = show(DOUBLE.format("y[1l << 40] = x[i];"), doubled, [8])
    assert view.verdict == "stopped at size 8: an access out of bounds in line 3"


def test_a_kernel_that_adds_to_its_output_is_shown_with_what_was_there():
    view = show(COUNT, counted(keep=("bins",)), [64])
    assert view.ok, view.verdict


def test_poison_that_shows_through_is_named():
    keep = "for a kernel that adds to an output, the Case says keep="
    (verdict,) = show(COUNT, counted(), [64]).verdicts
    said = f'(-2147483648), and what was added; {keep}("bins",)'
    filled = "the poison that filled it before the launch"
    assert verdict.trouble == f"bins[0] should be 16, is -2147483632 (4 of 4 differ): {filled} {said}"
    (verdict,) = show(DOUBLE.format("if (i < n - 1) y[i] = 2 * x[i];"), doubled, [8]).verdicts
    said = "(nan), so no thread has written it"
    assert verdict.trouble == f"y[7] should be 16, is nan (1 of 8 differ): {filled} {said}"
    (verdict,) = show(DOUBLE.format("if (i < n) y[i] += 2 * x[i];"), doubled, [8]).verdicts
    assert verdict.trouble.endswith(f'(nan); {keep}("y",)')


def test_a_kernels_own_nan_and_its_own_wrong_integers_are_not_blamed_on_poison():
    (verdict,) = show(
        DOUBLE.format("if (i < n) y[i] = (x[i] - x[i]) / (x[i] - x[i]);"), doubled, [8]
    ).verdicts
    assert verdict.trouble == "y[0] should be 2, is nan (8 of 8 differ)"
    (verdict,) = show(COUNT.replace(", 1)", ", 2)"), counted(keep=("bins",)), [64]).verdicts
    assert verdict.trouble == "bins[0] should be 16, is 32 (4 of 4 differ)"


def test_an_output_that_is_kept_is_an_output_and_the_case_stays_as_it_was():
    with pytest.raises(ValueError, match=r"keep names bin; the outputs are bins"):
        counted(keep=("bin",))(8)
    case = counted(keep=("bins",))(8)
    show(COUNT, lambda size: case, [8])
    assert not case.args["bins"].any()


def test_unsigned_outputs_are_poisoned_with_a_value_that_is_not_zero():
    body = "{ if (threadIdx.x < n - 1) y[threadIdx.x] = 0; }"
    source = f'extern "C" __global__ void k(unsigned char* y, int n) {body}'

    def zeros(n):
        return Case(1, 32, {"y": np.zeros(n, np.uint8), "n": n}, {"y": np.zeros(n, np.uint8)})

    assert "y[7] should be 0, is 255" in show(source, zeros, [8]).verdict


def test_a_kernel_of_another_name_is_not_shown_for_the_one_asked_for():
    view = show(DOUBLE.format("if (i < n) y[i] = 2 * x[i];"), doubled, [8], "doubel_it")
    assert not view.ok
    assert view.verdict == "not run: there is no kernel doubel_it, but double_it"
    two = DOUBLE.format("") + DOUBLE.format("").replace("double_it", "other")
    assert show(two, doubled, [8]).verdict == "not run: say which of the kernels: double_it, other"


def test_after_one_size_that_did_not_end_the_others_are_not_run():
    source = DOUBLE.format("for (int s = n; s > 0; s / 2) y[i] = x[i];")
    module = cuda.compile(source, device="host", time_limit=0.5)
    started = time.monotonic()
    view = show(module, doubled, [1, 2, 4, 8, 16, 32, 64])
    assert time.monotonic() - started < 10
    assert len(view.verdicts) == 1
    assert view.verdict == (
        "did not end at size 1: kernel double_it did not end within 0.5 s and was stopped: the loop in line "
        "3 never ends once it has begun, because nothing in it changes s"
    )


def test_what_a_view_is_called_fits_a_line_however_much_it_holds():
    view = show(LARGEST, largest, [1, 2])
    assert repr(view) == "largest: right at sizes 1 and 2, but a race in lines 7 and 8"
    assert len(repr(view.report)) < 200
