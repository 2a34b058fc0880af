"""Figures of many states in little room: whatever stands in several of them is kept once.

A packed value is JSON. {"$": n} stands for the n-th kept value, {"r": [a, 3, b, 2]} for [a, a, a, b, b].
page.js unpacks.
"""

import json
import math
from itertools import groupby

import numpy as np

DIGITS = 5  # of a number in a figure: a plot of 1,000 pixels shows three
IMAGE = 400  # cells; from here on a matrix is an image, whose cells need less
SHADES = 1000  # of an image: a color bar on screen has fewer
WORTH_KEEPING = 24  # characters; a reference is hardly shorter than less


def plain(value):
    """A figure's part as JSON has it: lists for arrays, None for NaN and infinity, rounded as said above."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            return _rounded(value)
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return _number(float(f"{value:.{DIGITS}g}")) if math.isfinite(value) else None
    return value


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _rounded(array: np.ndarray) -> list:
    """Five digits; for an image, a thousandth of what its values span."""
    array = array.astype(float)
    there = array[np.isfinite(array)]
    if array.ndim == 2 and array.size >= IMAGE and there.size and there.min() < there.max():
        step = 10.0 ** math.floor(math.log10((there.max() - there.min()) / SHADES))
        array = np.round(array / step) * step
    return plain(array.tolist())


class Pack:
    """Keeps values; `packed` gives what stands for one."""

    def __init__(self):
        self.values: list = []
        self._places: dict[str, int] = {}

    def packed(self, value):
        """A JSON value, or the reference to it, equal values always to the same."""
        if isinstance(value, (int, float)) or value is None:
            return value  # never worth keeping
        if isinstance(value, dict):
            small = {name: self.packed(part) for name, part in value.items()}
        elif isinstance(value, list):
            small = self._list(value)
        else:
            small = value
        text = json.dumps(small, separators=(",", ":"), ensure_ascii=False)
        if len(text) < WORTH_KEEPING:
            return small
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(small)
        return {"$": self._places[text]}

    def _list(self, value: list):
        kinds = set(map(type, value))
        if kinds & {dict, list}:
            return [self.packed(part) for part in value]
        # True equals 1, and is not the same in JSON
        apart = (lambda part: (type(part), part)) if bool in kinds else None
        runs = [(same[0], len(same)) for _, group in groupby(value, apart) if (same := list(group))]
        if 4 * len(runs) > len(value):
            return value
        return {"r": [part for run in runs for part in run]}
