"""Colors of the shared look: any two are told apart with every common color vision, and texts can be read."""

import itertools

import numpy as np
import pytest

from course_lib.demos import look
from course_lib.demos.parallelism import pipeline
from tests.course_lib.demos.color_vision import VISIONS, ciede2000, contrast, distance

APART = 10  # in CIEDE2000


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colors", [(*look.COLORS, look.TEXT), pipeline.COLORS], ids=["look", "pipeline"])
def test_any_two_colors_that_stand_together_are_told_apart(colors, vision):
    assert len(set(colors)) == len(colors)
    alike = [pair for pair in itertools.combinations(colors, 2) if distance(*pair, vision) < APART]
    assert alike == []


def test_what_is_written_in_a_color_of_the_look_can_be_read():
    assert [color for color in (*look.COLORS, look.TEXT) if contrast(look.ink(color)) < 4.5] == []
    assert [color for color in look.COLORS if look.ink(color) != color] == [look.SKY]


# From table 1 of Sharma, Wu & Dalal 2005: pairs 1, 4, 9, 13, 17, 24 and 33.
@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
        ((50, 2.5000, 0), (50, 0, -2.5000), 4.3065),
        ((50, 2.5000, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ],
)
def test_the_distance_is_that_of_its_authors(first, second, apart):
    assert ciede2000(np.array(first), np.array(second)) == pytest.approx(apart, abs=5e-5)
    assert ciede2000(np.array(second), np.array(first)) == pytest.approx(apart, abs=5e-5)


def test_a_vision_keeps_grays_and_red_and_green_come_closer_without_red_or_green_cones():
    assert all(distance("#808080", "#808080", vision) == 0 for vision in VISIONS)
    assert all(np.sum(matrix, axis=1) == pytest.approx([1, 1, 1], abs=1e-5) for matrix in VISIONS.values())
    normal = distance("#B00000", "#007000", "normal")
    assert max(distance("#B00000", "#007000", vision) for vision in ("protan", "deutan")) < normal / 2


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.005)  # known as the gray that just fails
