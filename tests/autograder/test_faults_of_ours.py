"""A right kernel that only the course cannot take costs nobody points: a person is told and marks."""

import json

import pytest

from autograder.engine import Assignment, Times, grade_submission
from tests.autograder.corpus import assignment

pytestmark = pytest.mark.needs("sandbox", "compiler")
LAUNCHED, INSPECTED = 'module["scale"](', 'module.inspect("scale", '
BY_BRACES = """    float4 pair[2] = {1, 2, 3, 4, 5, 6, 7, 8};
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= factor * (pair[1].w - pair[1].z);
"""


def test_what_only_the_inspector_cannot_take_is_left_to_a_person():
    source = assignment.source(kernel=True)
    asked = source.decode().replace(json.dumps(LAUNCHED)[1:-1], json.dumps(INSPECTED)[1:-1]).encode()
    assert asked != source
    submitted = assignment.starter(kernel=True)
    for task, text in assignment.REFERENCE.items():
        assignment.cell(submitted, f"q00_{task}")["source"] = text
    head, _, rest = assignment.SCALE.partition("    int i")
    assignment.cell(submitted, "q00_scale")["source"] = f"{head}{BY_BRACES}{rest[rest.index('    // ###') :]}"
    result = grade_submission(
        json.dumps(submitted).encode(), Assignment.from_source(asked), times=Times(cell=10, call=20, test=60)
    )
    assert result.points["q00_scale_test"] is None
    assert result.points["q00_mean_square_test"] == 1
    assert any("q00_scale_test: this is a limit of the course" in flag for flag in result.flags)
