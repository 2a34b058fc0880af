"""Whether a launch moves memory well: "good" or "poor" beside its coalescing, and where the waste is."""

import math
from collections.abc import Callable, Iterable, Mapping

from course_lib.cuda.measured import LineTraffic, Measured

_FEWEST = 32  # sectors of a launch, a kilobyte: in less, the ends of rows weigh more than how threads go
_LITTLE = 0.05  # of all sectors of the launch: waste below it is not worth a word


def percent(share: float) -> str:
    """Rounded down, so that what falls short of a bar does not read as if it had reached it."""
    return f"{math.floor(100 * share + 1e-9)}%"


def is_enough(report: Measured) -> bool:
    """Whether a launch moves so much that its coalescing is worth a judgment."""
    return report.sectors >= _FEWEST


def bar_of(report: Measured, array: str) -> float | None:
    """The share that is asked of one array's traffic, or None where none is."""
    return report.bar.get(array) if isinstance(report.bar, Mapping) else report.bar


def word(report: Measured, array: str) -> str:
    """What an array's traffic is, good or poor; "" where no bar is set, or what it wastes is little."""
    bar = bar_of(report, array)
    if bar is None or not is_enough(report):
        return ""
    if report.coalescing_of(array) >= bar:
        return "good"
    is_asked = isinstance(report.bar, Mapping)
    return "poor" if is_asked or is_costly(report, [t for t in report.lines if t.array == array]) else ""


def is_costly(report: Measured, traffic: Iterable[LineTraffic]) -> bool:
    """Whether accesses to arrays that have a bar miss it, and what they waste weighs in the launch."""
    traffic = [
        t for t in traffic if t.space == "global" and t.sectors and bar_of(report, t.array) is not None
    ]
    sectors, ideal = sum(t.sectors for t in traffic), sum(t.ideal_sectors for t in traffic)
    least = min((bar_of(report, t.array) for t in traffic), default=0)
    return is_enough(report) and ideal < least * sectors and sectors - ideal > _LITTLE * report.sectors


def share(report: Measured, array: str, show: Callable[[str], str] = str) -> str:
    """For example: "50%, poor"; `show` makes the word what it is shown as."""
    said = word(report, array)
    return percent(report.coalescing_of(array)) + (f", {show(said)}" if said else "")


def sentence(report: Measured, show: Callable[[str], str] = str) -> str:
    """For example: "coalescing 98%, good (at least 80% is asked for)"; `show` as in `share`."""
    if not report.sectors:
        return "no global memory moved"
    if not is_enough(report):
        return f"coalescing {percent(report.coalescing)}, of too few sectors to call it good or poor"
    if not isinstance(report.bar, Mapping):
        said = "good" if report.coalescing >= report.bar else "poor"
        asked = f"at least {percent(report.bar)} is asked for"
        return f"coalescing {percent(report.coalescing)}, {show(said)} ({asked})"
    bars = {percent(bar) for bar in report.bar.values()}
    if len(bars) == 1:
        parts = [f"of {array} {share(report, array, show)}" for array in report.bar]
        return f"coalescing {'; '.join(parts)} (at least {bars.pop()} is asked for)"
    parts = [
        f"of {array} {share(report, array, show)} (at least {percent(bar)} is asked for)"
        for array, bar in report.bar.items()
    ]
    return f"coalescing {'; '.join(parts)}"


def tinted(said: str) -> str:
    """The word as HTML, in the color of its meaning."""
    return f'<span class="{"good" if said == "good" else "bad"}">{said}</span>'
