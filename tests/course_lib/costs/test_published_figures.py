"""Figures of papers and of a lecture on what training costs: those that are right, and those that are not.

They are no rows of data/known_answers.csv, whose rows have one value each: of a figure that is put right, two
belong together.
"""

from dataclasses import dataclass

import pytest

from course_lib import shapes
from course_lib.costs import memory
from course_lib.costs.blocks import flops_crossover, memory_crossover
from course_lib.shapes import shape

GPT2, XL = shape("gpt2"), shape("gpt2-xl")
BATCH, LENGTH = 32, 1024
LECTURE = "CSDS 451, lecture 15"
# Rajbhandari et al. 2020, table 1: GB on one GPU at stages 1, 2 and 3, by billions of parameters and GPUs.
ZERO = {
    7.5: {
        1: "120 120 120", 4: "52.5 41.3 30", 16: "35.6 21.6 7.5", 64: "31.4 16.6 1.88",
        256: "30.4 15.4 0.47", 1024: "30.1 15.1 0.12",
    },
    128: {
        1: "2048 2048 2048", 4: "896 704 512", 16: "608 368 128", 64: "536 284 32", 256: "518 263 8",
        1024: "513 257 2",
    },
    1000: {
        1: "16000 16000 16000", 4: "7000 5500 4000", 16: "4750 2875 1000", 64: "4187 2218 250",
        256: "4046 2054 62.5", 1024: "4011 2013 15.6",
    },
}  # fmt: skip


@dataclass(frozen=True)
class PutRight:
    """A figure as it is told, what is right in its place, to the digits given, and why."""

    told: float
    source: str
    right: float
    why: str


FIGURES = {
    "GB of activations": PutRight(
        60, LECTURE, 286.9, "12·d·b·l·L numbers of two bytes are 24 of the 114 bytes that a layer keeps"
    ),
    "GB of activations without scores": PutRight(
        60, LECTURE, 85.6, "without scores 34 bytes are left for each token and number of the width"
    ),
    "GB of activations, checkpointed": PutRight(
        11.0, "this course's design", 10.9, "the input of the layer at work is a part of what it keeps"
    ),
    "GB of activations, checkpointed, without scores": PutRight(6.8, "this course's design", 6.7, "as above"),
    "products of a decoder layer with 12 heads": PutRight(
        121, LECTURE, 124, "10k + 4: a feed-forward part has two products, the lecture counts 10k + 1"
    ),
    "tokens at which attention is half of GPT-2's FLOPs": PutRight(
        4608, "Narayanan et al. 2021, appendix: 24·d² and 4·l·d for each token", 4608, "six widths"
    ),
    "tokens at which scores are half of what a layer of GPT-2 keeps": PutRight(
        435, "Korthikanti et al. 2022: 34·s·b·h and 5·a·s²·b", 435, "34·d / (5·a)"
    ),
}


def activations(**options):
    return memory.activations(XL, BATCH, LENGTH, **options) / 1e9


COMPUTED = {
    "GB of activations": lambda: activations(),
    "GB of activations without scores": lambda: activations(scores=False),
    "GB of activations, checkpointed": lambda: activations(checkpointed=True),
    "GB of activations, checkpointed, without scores": lambda: activations(scores=False, checkpointed=True),
    "products of a decoder layer with 12 heads": lambda: shapes.block_matrix_products(12, True),
    "tokens at which attention is half of GPT-2's FLOPs": lambda: flops_crossover(GPT2),
    "tokens at which scores are half of what a layer of GPT-2 keeps": lambda: memory_crossover(GPT2),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_stands_in_the_table_to_its_last_digit(name):
    right = FIGURES[name].right
    last_digit = 1 if float(right).is_integer() else 0.1
    assert COMPUTED[name]() == pytest.approx(right, abs=last_digit / 2)


def test_figures_that_were_told_otherwise_are_off_by_more_than_their_last_digit():
    wrong = {name for name, figure in FIGURES.items() if figure.told != figure.right}
    assert len(wrong) == 5
    for name in wrong:
        assert abs(COMPUTED[name]() - FIGURES[name].told) > 0.05
    assert COMPUTED.keys() == FIGURES.keys()


@pytest.mark.parametrize("billions", ZERO)
def test_the_table_of_zero_is_reproduced_to_its_last_digit(billions):
    for ranks, printed in ZERO[billions].items():
        for stage, figure in enumerate(printed.split(), 1):
            last_digit = 10.0 ** -len(figure.partition(".")[2])  # some are rounded, some cut
            total = memory.training_states(billions * 1e9, stage, ranks).total / 1e9
            assert abs(total - float(figure)) <= last_digit, (stage, ranks)
