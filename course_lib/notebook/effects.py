"""No claim without a measurement: show what was expected and measured, record it, fail when it is not so."""

import json
import math
import os
import re
import sys
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from course_lib.notebook.busy import too_busy, watch
from course_lib.notebook.machine import machine, machine_line
from course_lib.paths import write_atomically

__all__ = [
    "EffectNotSeen",
    "assert_effect",
    "compare_prediction",
    "count_words",
    "machine",
    "machine_line",
    "report_effect",
]

watch()  # from the first cell on


class EffectNotSeen(AssertionError):
    """The measurement does not show what the text claims."""


class Table:
    """Rows under a header: HTML in a notebook, aligned text elsewhere."""

    def __init__(self, header: list[str], rows: list[list[str]]):
        self.header, self.rows = header, rows

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        padded = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        ]
        return "\n".join(line.rstrip() for line in [padded[0], "-" * len(padded[0]), *padded[1:]])

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str) -> str:
            style = "style='text-align:left;padding:0.2em 1em'"
            return "<tr>" + "".join(f"<{tag} {style}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(row(cells, "td") for cells in self.rows)
        return f"<table><thead>{row(self.header, 'th')}</thead><tbody>{body}</tbody></table>"


def assert_effect(
    name: str,
    measured: Any,
    expected: Any = None,
    *,
    tolerance: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    unit: str = "",
    note: str = "",
    seed: int = 0,
    timed: bool = False,
) -> None:
    """Show and record `measured`, and raise EffectNotSeen unless it meets every condition given.

    Conditions: |measured - expected| <= tolerance (in `unit`); without a tolerance, equal to `expected`;
    at_least <= measured <= at_most. A number that is not finite meets none. What is `timed` depends on how
    fast this machine was: where other programs kept it busy meanwhile and it meets them not, nothing is
    raised; it says so, and what to do. The record is effects/NAME.json
    in the working folder, or in the folder that COURSE_EFFECTS names; while a notebook is graded
    (NBGRADER_EXECUTION) only COURSE_EFFECTS is written to. Raises ValueError without a condition, for a
    tolerance without an expected value, and for a name that is no file name.
    """
    conditions = {"expected": expected, "tolerance": tolerance, "at_least": at_least, "at_most": at_most}
    if expected is None and (tolerance is not None or at_least is at_most is None):
        raise ValueError(
            f"effect {name}: give expected (and tolerance), at_least or at_most, or use report_effect"
        )
    measured = _plain(measured)
    conditions = {key: _plain(value) for key, value in conditions.items() if value is not None}
    seen = _meets(measured, **conditions)
    excuse = too_busy() if timed and not seen else ""
    verdict = "seen" if seen else "machine too busy" if excuse else "NOT SEEN"
    _show_and_record(name, measured, conditions, verdict, unit, note, seed)
    if excuse:
        print(excuse)
    elif not seen:
        raise EffectNotSeen(
            f"{name}: expected {_conditions(conditions, unit)}, measured {_text(measured, unit)}"
            + (f" ({note})" if note else "")
        )


def report_effect(name: str, measured: Any, unit: str = "", note: str = "", seed: int = 0) -> None:
    """Show and record a measurement that may come out either way, as `assert_effect` does."""
    _show_and_record(name, _plain(measured), {}, "reported", unit, note, seed)


def compare_prediction(prediction: dict, measured: dict, labels: dict | None = None) -> None:
    """Show what the student predicted beside what was measured, one row a key of `measured`.

    `labels` gives a key its words. Numbers also show the difference; a key that was not predicted, or left
    None, is shown as such. Nothing is marked and nothing raises for a prediction of any type.
    """
    rows = []
    for key, truth in measured.items():
        guess, truth = _plain(prediction.get(key)), _plain(truth)
        if guess is None:
            rows.append([(labels or {}).get(key, key), "no prediction", _text(truth), ""])
            continue
        if _is_number(guess) and _is_number(truth):
            remark = "as predicted" if math.isclose(guess, truth) else f"{truth - guess:+.4g}"
        else:
            remark = "as predicted" if guess == truth else "otherwise"
        rows.append([(labels or {}).get(key, key), _text(guess), _text(truth), remark])
    _show(Table(["", "you predicted", "measured", ""], rows))


def count_words(text: str) -> int:
    """Words of a written answer: what stands between spaces and has a letter or digit ("96.7 %" is one)."""
    return sum(any(character.isalnum() for character in word) for word in text.split())


def _meets(
    measured: Any,
    expected: Any = None,
    tolerance: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> bool:
    if isinstance(measured, float) and not math.isfinite(measured):
        return False
    if tolerance is not None and not abs(measured - expected) <= tolerance:
        return False
    if expected is not None and tolerance is None and measured != expected:
        return False
    return (at_least is None or measured >= at_least) and (at_most is None or measured <= at_most)


def _show_and_record(
    name: str, measured: Any, conditions: dict, verdict: str, unit: str, note: str, seed: int
) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"an effect's name is a file name of letters, digits, '_', '-' and '.', not {name!r}"
        )
    row = [name, _conditions(conditions, unit), _text(measured, unit), verdict]
    _show(Table(["effect", "expected", "measured", "verdict"], [row]))
    folder = os.environ.get("COURSE_EFFECTS")
    if folder is None and os.environ.get("NBGRADER_EXECUTION"):
        return
    record = {
        "name": name,
        "measured": measured,
        **conditions,
        "unit": unit,
        "verdict": verdict,
        "note": note,
    }
    record |= {"seed": seed, "time": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    path = Path(folder or "effects") / f"{name}.json"
    write_atomically(path, json.dumps(_finite(record), indent=1, ensure_ascii=False) + "\n")


def _show(table: Table) -> None:
    if "IPython" in sys.modules:
        from IPython.display import display

        display(table)  # outside a notebook this prints repr(table)
    else:
        print(table)


def _conditions(conditions: dict, unit: str) -> str:
    parts = []
    if "expected" in conditions:
        spread = f" ± {conditions['tolerance']:.4g}" if "tolerance" in conditions else ""
        parts.append(_text(conditions["expected"]) + spread)
    if "at_least" in conditions:
        parts.append(f"≥ {_text(conditions['at_least'])}")
    if "at_most" in conditions:
        parts.append(f"≤ {_text(conditions['at_most'])}")
    return " and ".join(parts) + (f" {unit}" if unit and parts else "")


def _plain(value: Any) -> Any:
    """NumPy's and torch's scalars and arrays as Python's own numbers and lists, tuples as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _finite(value: Any) -> Any:
    """JSON knows no NaN and no infinity: they are written as their names."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Any, unit: str = "") -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text
