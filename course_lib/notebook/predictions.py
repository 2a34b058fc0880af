"""What the student predicted, beside what came out."""

import math
from collections.abc import Container
from typing import Any

from course_lib.notebook.table import Table, show
from course_lib.notebook.values import is_number, plain, text


def compare_prediction(
    prediction: dict, measured: dict, labels: dict | None = None, computed: Container[str] = ()
) -> None:
    """Show what the student predicted beside what came out, one row per key of `measured`.

    `labels` gives a key its words. What a data sheet or a formula says, and no measurement, is named in
    `computed`: its row says so. A key that was not predicted, or left None, is shown as such. Nothing is
    marked and nothing raises for a prediction of any type.
    """
    ways = {key: "computed" if key in computed else "measured" for key in measured}
    kinds = sorted(set(ways.values()), reverse=True)
    rows = []
    for key, value in measured.items():
        guess, value = plain(prediction.get(key)), plain(value)
        shown = text(value) if len(kinds) == 1 else f"{text(value)} ({ways[key]})"
        guessed = "no prediction" if guess is None else text(guess)
        rows.append([(labels or {}).get(key, key), guessed, shown, _difference(guess, value)])
    show(Table(["", "you predicted", " or ".join(kinds), "difference"], rows))


def _difference(guess: Any, value: Any) -> str:
    if guess is None:
        return ""
    numbers = is_number(guess) and is_number(value)
    if not numbers or not abs(apart := value - guess) < 1e300:  # NaN, infinite, or beyond any float
        return "as predicted" if guess == value else "another answer"
    if math.isclose(guess, value):
        return "as predicted"
    return f"{text(float(abs(apart)))} {'more' if apart > 0 else 'less'} than predicted"
