"""What a source tells about a message: what is around a barrier, which round it is, which loop is endless."""

import pytest

from course_lib.cuda import hints

KERNEL = 'extern "C" __global__ void k(float* x, int n) {{\n    int t = threadIdx.x, i = 0;\n{}\n}}\n'


def _lines(body: str) -> str:
    return KERNEL.format(body)


@pytest.mark.parametrize(("body", "reason"), [
    ("if (t < n) {\nx[t] = 0;\n__syncthreads();\n}", "inside the `if` of line 3"),
    ("if (t < n) x[t] = 0;\nelse\n__syncthreads();", "inside the `else` of line 4"),
    ("if (t >= n) return;\nx[t] = 0;\n__syncthreads();", "behind the `return` of line 3"),
    ("for (i = t; i < n; i += 64) {\nx[i] = 0;\n__syncthreads();\n}", "inside the loop of line 3"),
    ("for (;;) {\nif (i++ > t) break;\n__syncthreads();\n}", "behind the `break` of line 4"),
    ("for (;;) {\n\n__syncthreads();\nif (t > 3) return; }", "behind the `return` of line 6"),
    ("if (n) {\nfor (i = t; i < n; ++i)\n__syncthreads(); }",
     "inside the `if` of line 3 and inside the loop of line 4"),
    ("\nif (t) x[t] = 0;\n__syncthreads();\nreturn;", ""),
    ("switch (t) {\ncase 0:\n__syncthreads();\n}", "inside the `switch` of line 3"),
])  # fmt: skip
def test_what_keeps_threads_from_a_barrier_is_named_with_its_line(body, reason):
    assert hints.around_barrier(_lines(body), 5) == reason


def test_for_a_barrier_that_all_should_reach_the_one_in_a_branch_is_named():
    source = _lines("if (t < n)\n__syncthreads();\n__syncthreads();")
    assert hints.other_barrier(source, 5) == "the barrier of line 4 stands inside the `if` of line 3"
    assert hints.other_barrier(source, 4) == ""


@pytest.mark.parametrize(("body", "is_next"), [
    ("for (;;) {\nx[t] = 1;\n__syncthreads();\ny = x[n];\n}", True),
    ("for (;;) {\nx[t] = 1;\n\ny = x[n];\n__syncthreads(); }", False),  # in the same round, too
    ("{\nx[t] = 1;\n__syncthreads();\ny = x[n];\n}", False),  # no loop
    ("for (;;) {\nx[t] = 1;\nif (t) __syncthreads();\ny = x[n]; }", False),  # it may be passed by
    ("for (;;) {\nx[t] = 1;\nfor (;;) __syncthreads();\ny = x[n]; }", True),
])  # fmt: skip
def test_lines_that_a_barrier_of_their_loop_parts_meet_in_different_rounds(body, is_next):
    assert hints.is_next_round(_lines(body), 4, 6) is is_next


@pytest.mark.parametrize(("body", "is_next"), [
    ("\nx[t] = 1;\n__syncthreads();\ny = x[n];", True),
    ("\nx[t] = 1;\n\ny = x[n];\n__syncthreads();", False),  # in the same call, too
    ("\nx[t] = 1;\nif (t) __syncthreads();\ny = x[n];", False),  # it may be passed by
    ("if (n) {\nx[t] = 1;\n__syncthreads();\ny = x[n]; }", True),
    ("\nx[t] = 1; }\n__global__ void f(float* x) { __syncthreads();\nx[0] = 1;", False),  # of two functions
])  # fmt: skip
def test_lines_that_a_barrier_of_their_function_parts_meet_in_different_calls(body, is_next):
    assert hints.is_next_call(_lines(body), 4, 6) is is_next


@pytest.mark.parametrize(("loop", "why"), [
    ("for (int s = n; s > 0; s / 2) x[s] = 0;", "nothing in it changes s"),
    ("while (i < n) x[i] = 0;", "nothing in it changes i or n"),
    ("do x[0] += 1; while (n > i);", "nothing in it changes n or i"),
    ("while (true) x[0] += 1;", "its condition is always true"),
])  # fmt: skip
def test_a_loop_that_nothing_ends_is_named_and_quoted(loop, why):
    said = f"the loop in line 3 never ends once it has begun, because {why}\n      3 | {loop}"
    assert hints.endless_loop(_lines(loop)) == said


@pytest.mark.parametrize("loop", [
    "for (int s = n; s > 0; s /= 2) x[s] = 0;",
    "for (int s = n; s > 0; s >>= 1) x[s] = 0;",
    "while (i++ < n) x[i] = 0;",
    "while (i < n) atomicAdd(&i, 1);",
    "while (x[0] == 0) ;",  # another thread may change it
    "while (true) if (x[0] > 0) break;",
    "while (atomicAdd(x, 1) < n) ;",
    "do x[0] = 1; while (false);",
])  # fmt: skip
def test_a_loop_that_may_end_is_not_accused(loop):
    assert hints.endless_loop(_lines(loop)) == ""


@pytest.mark.parametrize("body", ["if (t) " * 2000 + ";", "{" * 3000 + "}" * 3000, "x[0] = 1;" * 9000])
def test_a_source_that_is_nested_or_long_beyond_reason_gets_no_hint(body):
    assert hints.endless_loop(_lines(body + "\nwhile (n) x[0] = 1;")) == ""
