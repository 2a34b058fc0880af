"""What an exported page holds, read back without its script, and compared with a live figure."""

import json
import math
from pathlib import Path

import numpy as np


def read(path: Path) -> tuple[list, list[dict]]:
    """The kept values and the demos of a page's data file."""
    values, demos = path.read_text("utf-8").strip().split("\n")
    return (
        json.loads(values.removeprefix("const VALUES = ").removesuffix(";")),
        json.loads(demos.removeprefix("const DEMOS = ").removesuffix(";")),
    )


def unpacked(value, values: list):
    """The value that a packed one stands for."""
    if isinstance(value, list):
        return [unpacked(part, values) for part in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        return unpacked(values[value["$"]], values)
    if "r" in value and isinstance(value["r"], list):
        runs = value["r"]
        return [part for part, n in zip(runs[::2], runs[1::2], strict=True) for _ in range(n)]
    return {name: unpacked(part, values) for name, part in value.items()}


def differences(live, page, where: str = "") -> list[str]:
    """Where a page's figure is not the live one: numbers may differ by what no eye sees."""
    if isinstance(live, np.ndarray) and live.ndim == 2 and live.dtype.kind == "f":
        numbers = np.array(page, dtype=float)  # None becomes nan
        span = np.ptp(live[np.isfinite(live)]) if np.isfinite(live).any() else 0.0
        close = np.isclose(
            np.where(np.isfinite(live), live, np.nan), numbers, 1e-4, span / 900, equal_nan=True
        )
        return [] if close.all() else [where]
    if isinstance(live, dict):
        if live.keys() != page.keys():
            return [f"{where}: {live.keys() ^ page.keys()}"]
        return [line for name in live for line in differences(live[name], page[name], f"{where}.{name}")]
    if isinstance(live, (list, tuple, np.ndarray)):
        if len(live) != len(page):
            return [f"{where}: {len(live)} and {len(page)} parts"]
        pairs = enumerate(zip(live, page, strict=True))
        return [line for i, (one, other) in pairs for line in differences(one, other, f"{where}[{i}]")]
    if isinstance(live, (float, np.floating)):
        if not math.isfinite(live):
            return [] if page is None else [f"{where}: {live} and {page}"]
        return [] if math.isclose(live, page, rel_tol=1e-4) else [f"{where}: {live} and {page}"]
    return [] if live == page else [f"{where}: {live} and {page}"]
