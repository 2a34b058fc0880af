"""Figures of many states in little room: whatever stands in several of them is kept once.

A packed value is JSON. {"$": n} stands for the n-th kept value, {"r": [a, 3, b, 2]} for [a, a, a, b, b].
page.js unpacks.
"""

import hashlib
import json
import math
import pickle
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
        return plain(value.tolist()) if value.dtype.kind == "O" else value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    value = float(f"{value:.{DIGITS}g}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _rounded(array: np.ndarray) -> list:
    """Five digits; for an image, a thousandth of what its values span."""
    array = array.astype(float)
    there = array[np.isfinite(array)]
    if array.ndim == 2 and array.size >= IMAGE and there.size and there.min() < there.max():
        step = 10.0 ** math.floor(math.log10((there.max() - there.min()) / SHADES))
        array = np.round(array / step) * step
    # An image, or a line of an area, has fewer different values than places.
    values, places = np.unique(array, return_inverse=True)
    numbers = np.array([_number(value) for value in values.tolist()], dtype=object)
    return numbers[places].reshape(array.shape).tolist()


class Pack:
    """Keeps values; `packed` gives what stands for one, and `part` what stands for one of plotly's."""

    def __init__(self):
        self.values: list = []
        self._places: dict[str, int] = {}
        self._parts: dict[bytes, object] = {}  # by a digest of what they stand for

    def part(self, value):
        """`packed` of `plain` of a figure or a part of it: of what is as in a state before it is known."""
        if not isinstance(value, (dict, list, tuple, np.ndarray)):
            return self.packed(plain(value))
        digest = hashlib.blake2b(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)).digest()
        if digest not in self._parts:
            self._parts[digest] = self._new_part(value)
        return self._parts[digest]

    def _new_part(self, value):
        if isinstance(value, dict):
            return self._kept({name: self.part(inner) for name, inner in value.items()})
        if isinstance(value, (list, tuple)) and any(isinstance(inner, dict) for inner in value):
            return self._kept([self.part(inner) for inner in value])
        return self.packed(plain(value))

    def packed(self, value):
        """A JSON value, or the reference to it, equal values always to the same."""
        if isinstance(value, (int, float)) or value is None:
            return value  # never worth keeping
        if isinstance(value, dict):
            return self._kept({name: self.packed(part) for name, part in value.items()})
        return self._kept(self._list(value) if isinstance(value, list) else value)

    def _kept(self, small):
        """The reference to a value whose parts are packed, or itself where that is as short."""
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
