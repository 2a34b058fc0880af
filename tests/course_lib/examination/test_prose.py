"""What a student wrote in words is found wherever it stands; code and what was given out are not."""

import pytest

from course_lib.examination.prose import ENOUGH, Given, count, prose_words

GIVEN = Given.of(
    [
        "# Quantize\nRead the *task*, then write.",
        'prediction = {"bits": None}  # what do you expect to be the smallest number of bits',
        "print(f'{earned} points')",
    ]
)
PROGRAM = """\
import numpy as np
from pathlib import Path as P
def rows(x: np.ndarray, bits: int = 4) -> tuple[float, int]:
    scale = x.max(axis=1) if x is not None and bits in (4, 8) else None
    # return np.round(x / scale) * scale
    for row, value in zip(x, scale): assert not isinstance(row, str), row
    with open(P.home()) as file, open(file) as other: pass
    return [value for value in scale if value or not value], lambda value: value
class Rows(Base): pass
!pip install
__global__ void scale(const unsigned char *x, float s, long long int n) {
    volatile float largest; unsigned int i = blockIdx.x * blockDim.x; if (i < n) return;
    extern __shared__ float buffer[]; for (int step = 1; step < n; step *= 2) __syncthreads();
"""


@pytest.mark.parametrize("line", PROGRAM.splitlines())
def test_a_line_of_a_program_is_no_prose(line):
    assert prose_words(line) == 0


@pytest.mark.parametrize(
    "line",
    [
        "# one scale for each row keeps outliers apart",
        "x = 3  # outliers stretch the only scale there is",
        'answer = "Per-channel scales confine outliers."',
        "// outliers stretch the only scale there is",
        "The scale of each row is its own.",
        "    Ausreißer dehnen den einzigen Maßstab",
        "# 每个通道的比例把异常值限制在自己的行里",
        "# この行だけの尺度にすると外れ値は広がらない",
        "# выбросы растягивают единственный общий масштаб",
    ],
)
def test_a_sentence_is_prose_in_comments_strings_and_bare_in_any_script(line):
    assert prose_words(line) >= ENOUGH
    assert GIVEN.own_prose(f"y = 1\nx = 1\n{line}", is_code=True) == f"x = 1\n{line}"


def test_what_was_given_out_is_nobodys_prose_whatever_values_were_filled_in():
    assert not GIVEN.own_prose("# Quantize\n\n  Read the *task*,   then write.\n", is_code=False)
    filled = 'prediction = {"bits": 4}  # what do you expect to be the smallest number of bits'
    assert not GIVEN.own_prose(filled, is_code=True)
    assert GIVEN.own_prose(filled + ": I say four, as outliers are rare", is_code=True)


@pytest.mark.parametrize("text", ["no", "4", "# Quantize\nmine", "![](a.png)"])
def test_any_word_of_a_text_cell_that_was_not_given_is_the_students(text):
    assert GIVEN.own_prose(text, is_code=False) == text.splitlines()[-1]


@pytest.mark.parametrize("text", ["", " \n", "---", "# Quantize"])
def test_lines_without_a_word_are_none(text):
    assert not GIVEN.own_prose(text, is_code=False)


def test_a_cell_that_renders_its_text_is_read_as_text():
    assert GIVEN.own_prose("%%markdown\nOutliers.", is_code=True)


def test_a_million_characters_are_read_in_linear_time():
    """Each of these takes minutes where a pattern may go back on its steps."""
    for line in ("a" * 10**6, "a " * 500_000, " " * 10**6, "a-" * 500_000, "int " * 250_000, "'\"" * 500_000):
        GIVEN.own_prose(line, is_code=True)
        count(line)
