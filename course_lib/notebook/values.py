"""Measured values as Python's own, and as text for a row of a table."""

import math
from typing import Any


def plain(value: Any) -> Any:
    """NumPy's and torch's scalars and arrays as Python's own numbers and lists, tuples as lists."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def finite(value: Any) -> Any:
    """A plain value for JSON, which knows no NaN and no infinity: they are written as their names."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def is_number(value: Any) -> bool:
    """Whether a plain value is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text(value: Any, unit: str = "") -> str:
    """A plain value with its unit; a float with four digits."""
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{shown} {unit}" if unit else shown
