"""No claim without a measurement: show what was expected and measured, record it, fail when it is not so."""

import json
import math
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course_lib.notebook.busy import too_busy, watch
from course_lib.notebook.machine import machine, machine_line
from course_lib.notebook.predictions import compare_prediction
from course_lib.notebook.table import GrowingTable
from course_lib.notebook.values import finite, plain, text
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
_TABLE = GrowingTable(["effect", "expected", "measured", "verdict"])
# What to do about an effect that is not seen.
TIMED = (
    "It depends on how fast the machine is just now: close other programs, then run the cell that measures "
    "and this one again."
)
UNTIMED = (
    "Other programs do not change it, so you need not close them: see whether your functions that it uses "
    "pass their tests, then run the cells of this section again."
)


class EffectNotSeen(AssertionError):
    """The measurement does not show what the text claims."""


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

    What is shown is `note`, a sentence that says what the effect means, or else `name`; all effects of a
    cell share one table. Conditions: |measured - expected| <= tolerance (in `unit`); without a tolerance,
    equal to `expected`; at_least <= measured <= at_most. A number that is not finite meets none. What is
    `timed` depends on how fast this machine was: where other programs kept it busy meanwhile and it meets
    them not, nothing is raised; it says so, and what to do. The record is effects/NAME.json in the working
    folder, or in the folder that COURSE_EFFECTS names; while a notebook is graded (NBGRADER_EXECUTION) only
    COURSE_EFFECTS is written to. Raises ValueError without a condition, for a tolerance without an expected
    value, and for a name that is not a file name.
    """
    conditions = {"expected": expected, "tolerance": tolerance, "at_least": at_least, "at_most": at_most}
    if expected is None and (tolerance is not None or at_least is at_most is None):
        raise ValueError(
            f"effect {name}: give expected (and tolerance), at_least or at_most, or use report_effect"
        )
    measured = plain(measured)
    conditions = {key: plain(value) for key, value in conditions.items() if value is not None}
    seen = _meets(measured, **conditions)
    excuse = too_busy() if timed and not seen else ""
    verdict = "seen" if seen else "machine too busy" if excuse else "NOT SEEN"
    _show_and_record(name, measured, conditions, verdict, unit, note, seed)
    if excuse:
        print(excuse)
    elif not seen:
        raise EffectNotSeen(
            f"{(note or name).rstrip('.')}: expected {_conditions(conditions, unit)}, "
            f"measured {text(measured, unit)}. {TIMED if timed else UNTIMED} It costs no points."
        )


def report_effect(name: str, measured: Any, unit: str = "", note: str = "", seed: int = 0) -> None:
    """Show and record a measurement that may come out either way, as `assert_effect` does."""
    _show_and_record(name, plain(measured), {}, "reported", unit, note, seed)


# Chinese characters and Japanese kana, which are written without spaces between words (Korean has them).
_UNSPACED = re.compile(
    "[\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def count_words(text: str) -> int:
    """Words of a written answer: what stands between spaces and has a letter or digit ("96.7 %" is one).

    Where a script has no spaces, every two characters count as a word, which is about what they are.
    """
    spaced = _UNSPACED.sub(" ", text).split()
    unspaced = sum((len(run) + 1) // 2 for run in _UNSPACED.findall(text))
    return unspaced + sum(any(character.isalnum() for character in word) for word in spaced)


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
    _TABLE.add([note or name, _conditions(conditions, unit), text(measured, unit), verdict])
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
    write_atomically(path, json.dumps(finite(record), indent=1, ensure_ascii=False) + "\n")


def _conditions(conditions: dict, unit: str) -> str:
    parts = []
    if "expected" in conditions:
        spread = f" ± {conditions['tolerance']:.4g}" if "tolerance" in conditions else ""
        parts.append(text(conditions["expected"]) + spread)
    if "at_least" in conditions:
        parts.append(f"≥ {text(conditions['at_least'])}")
    if "at_most" in conditions:
        parts.append(f"≤ {text(conditions['at_most'])}")
    return " and ".join(parts) + (f" {unit}" if unit and parts else "")
