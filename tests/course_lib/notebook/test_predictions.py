import numpy as np
import pytest

from course_lib.notebook.predictions import compare_prediction


def rows(said: str) -> dict[str, str]:
    """Label -> the rest of its row."""
    return {line.split("  ")[0]: " ".join(line.split("  ", 1)[1].split()) for line in said.splitlines()[2:]}


def test_a_prediction_stands_beside_what_was_measured(capsys):
    compare_prediction(
        {"bits": 4, "faster": "int8", "slope": None, "worst": "clipping", "odd": object(), "rate": 0.5},
        {"bits": 2, "faster": "fp32", "slope": 6.02, "worst": "clipping", "odd": 1, "rate": 2.25}
        | {"new": np.float64(1.5)},
        {"bits": "bits below 90 %"},
    )
    said = capsys.readouterr().out
    assert said.splitlines()[0].split() == ["you", "predicted", "measured", "difference"]
    found = rows(said)
    assert found["bits below 90 %"] == "4 2 2 less than predicted"
    assert found["rate"] == "0.5 2.25 1.75 more than predicted"
    assert found["faster"] == "int8 fp32 another answer"
    assert found["slope"] == "no prediction 6.02"
    assert found["worst"] == "clipping clipping as predicted"
    assert found["new"] == "no prediction 1.5"
    assert found["odd"].endswith("1 another answer")


def test_what_no_measurement_says_is_called_computed(capsys):
    compare_prediction({"here": 3}, {"here": 3, "card": 28.0}, computed=("card",))
    said = capsys.readouterr().out
    assert said.splitlines()[0].split("  ")[-2].strip() == "measured or computed"
    assert rows(said) == {"here": "3 3 (measured) as predicted", "card": "no prediction 28 (computed)"}


def test_where_everything_is_computed_the_head_says_so(capsys):
    compare_prediction({}, {"card": 28.0}, computed={"card"})
    assert capsys.readouterr().out.splitlines()[0].split() == ["you", "predicted", "computed", "difference"]


@pytest.mark.parametrize(
    "guess", [float("nan"), float("inf"), True, [1], {"a": 1}, "2", 2j, 10**400], ids=type
)
def test_a_prediction_of_any_kind_is_shown(guess, capsys):
    compare_prediction({"bits": guess}, {"bits": 2})
    assert "2         another answer" in capsys.readouterr().out
