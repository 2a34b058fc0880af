"""Which answers count as the same, and which are alike because there is little to say."""

import os
import re
import time

import pytest

from autograder import identical
from autograder.identical import Identical, identical_answers, own_lines
from autograder.library import answers
from autograder.limited import Limit
from autograder.release import release
from course_lib.paths import ROOT
from course_lib.seal import sealed_function
from tests.autograder.small_course import hand_in, solved

LONG = """\
def double(values):
    doubled = []
    for value in values:  # one after the other
        doubled.append(value if value == 0 else value * 2)
    assert len(doubled) == len(values), "a value was lost on the way"
    return doubled"""
RESPACED = (
    LONG.replace("    ", "  ")
    .replace("# one after the other", "# nobody will notice")
    .replace("value * 2", "value*2")
    + "\n\n# done\n"
)
RENAMED = LONG.replace("doubled", "result")
OTHERWISE = """\
def double(numbers):
    if not numbers:
        return []
    twice = [number + number for number in numbers]
    assert len(twice) == len(numbers), "a value was lost on the way"
    return twice"""
SHORT = "def double(values):\n    return [2 * value for value in values]"
PROSE = (
    "Doubling is exact in floating point: the exponent grows by one. Overflow is the only danger, so clip."
)
KERNEL = """\
%%%%cuda scale_source
__global__ void scale(float *x, float s) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;%s
    float my_value_before_it_is_scaled = x[column];
    x[column] = my_value_before_it_is_scaled * s;
}"""


@pytest.fixture
def handed_in(course, starter):
    """A function that hands in the starter with some sources replaced, under a student's name."""
    release(course, "q00_doubling")
    return lambda student, **sources: hand_in(course, student, solved(starter, **sources))


def test_copies_are_found_through_spacing_comments_and_kernels(course, handed_in):
    handed_in("ada", q00_double=LONG, q00_scale=KERNEL % "", q00_explain=PROSE)
    handed_in("bob", q00_double=RESPACED, q00_scale=KERNEL % " // mine", q00_explain=PROSE.replace(" ", "  "))
    handed_in(
        "eve", q00_double=RENAMED, q00_scale=KERNEL % "", q00_explain="Something else, and long enough. " * 4
    )
    assert identical_answers(course, "q00_doubling") == [
        Identical(("ada", "bob"), ("q00_double", "q00_explain")),
        Identical(("ada", "bob", "eve"), ("q00_scale",)),
    ]


def shared(course, cell):
    return [group for group in identical_answers(course, "q00_doubling") if cell in group.cells]


def test_a_renamed_copy_is_found_when_it_is_too_long_for_chance(course, handed_in):
    longer = LONG.replace("    return", "    print('values before and after:', values, doubled)\n    return")
    handed_in("ada", q00_double=longer)
    handed_in("bob", q00_double=longer.replace("doubled", "result"))
    handed_in("eve", q00_double=RENAMED)
    handed_in("fay", q00_double=LONG)
    assert shared(course, "q00_double") == [Identical(("ada", "bob"), ("q00_double",), renamed=True)]


def test_two_who_solved_it_in_their_own_way_are_not_said_to_share_it(course, handed_in):
    handed_in("ada", q00_double=LONG)
    handed_in("bob", q00_double=OTHERWISE)
    assert shared(course, "q00_double") == []


def test_other_names_in_another_order_are_the_same_answer_and_another_operation_is_not(course, handed_in):
    lines = ["int first = threadIdx.x + 32 * threadIdx.y;", "float second = fmaxf(x[0], x[1]);"]
    handed_in("ada", q00_scale=KERNEL % " ".join(lines))
    renamed = " ".join(lines[::-1]).replace("first", "a").replace("second", "b")
    handed_in("bob", q00_scale=KERNEL.replace("column", "i") % renamed)
    handed_in("eve", q00_scale=KERNEL.replace("column", "i") % renamed.replace("fmaxf", "fminf"))
    assert shared(course, "q00_scale") == [Identical(("ada", "bob"), ("q00_scale",), renamed=True)]


def test_the_starter_short_answers_and_unreadable_files_are_nobodys_copies(course, handed_in, starter):
    for student in ("ada", "bob"):
        handed_in(student, q00_double=SHORT, q00_scale="%%cuda scale_source\n", q00_explain="Exact.")
    for student in ("carl", "dora"):
        hand_in(course, student, starter)
    for student in ("eve", "fred"):
        hand_in(course, student, b'{"cells": [{"source": 1}]}')
    assert identical_answers(course, "q00_doubling") == []


@pytest.mark.slow
def test_a_file_that_cannot_be_read_in_time_or_leads_elsewhere_is_nobodys_copy(
    course, handed_in, monkeypatch
):
    for student in ("ada", "bob", "carl"):
        handed_in(student, q00_double=LONG)
    submitted = course.root / "submitted"
    (submitted / "dora").symlink_to(submitted / "ada")
    handed_in("eve")
    pipe = course.notebook("submitted", "eve", "q00_doubling")
    pipe.unlink()
    os.mkfifo(pipe)
    hand_in(course, "carl", b'{"cells": [], "metadata": [' + b"{}," * 8_000_000 + b"{}]}")
    monkeypatch.setattr(identical, "READING", Limit(6, 4 << 30))
    assert [group.students for group in identical_answers(course, "q00_doubling")] == [("ada", "bob")]


def test_comments_that_are_opened_again_and_again_take_no_time():
    started = time.monotonic()
    assert own_lines("%%cuda x\n" + "/* " * 500_000, set()) == ("%%cuda x",)
    assert time.monotonic() - started < 20


def test_an_answer_of_the_library_is_named_and_nobody_is_said_to_have_copied_from_another(course, handed_in):
    path = ROOT / "course_lib" / "quantization.py"
    (answer,) = (each for each in answers(path) if each.name == "signal_to_noise")
    renamed = answer.head + answer.code
    for old, new in (("signal_to_noise", "double"), ("approximation", "guess"), ("axis", "row")):
        renamed = re.sub(rf"\b{old}\b", new, renamed)
    kernel = answers(ROOT / "kernels" / "quantize.cu")[0]
    sealed = sealed_function('@reference("Q2.3")\n', answer.head, answer.code)
    empty, scale = "%%cuda scale_source\n", "%%cuda scale_source\n" + kernel.code.replace("largest", "most")
    longer = renamed.replace("return", "print('mine')\n    return")
    handed_in("ada", q00_double=renamed, q00_scale=empty, q00_explain=PROSE)
    handed_in("bob", q00_double=longer, q00_scale=empty, q00_explain=PROSE)
    handed_in("eve", q00_double=sealed, q00_scale=scale)
    handed_in("fay", q00_double=LONG, q00_scale=empty)
    assert identical_answers(course, "q00_doubling") == [
        Identical(("ada", "bob", "eve"), ("q00_double",), "signal_to_noise in course_lib/quantization.py"),
        Identical(("eve",), ("q00_scale",), "quantize_rows in kernels/quantize.cu"),
        Identical(("ada", "bob"), ("q00_explain",)),
    ]


def test_unfinished_python_is_compared_as_text():
    broken = "def double(values:\n    return  'x  # not closed"
    assert own_lines(broken, set()) == ("def double(values:", "return 'x")
