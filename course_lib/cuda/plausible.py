"""Whether an inspector's report can be true of its launch, by what is known of that elsewhere.

The report comes from the process in which the kernel ran; the launch and the arrays before and after it are
known outside of that process.
"""

import mmap

import numpy as np

from course_lib.cuda.arguments import Launch
from course_lib.cuda.errors import KernelError
from course_lib.cuda.measured import SECTOR_BYTES

_OF_A_LINE = ("accesses", "bytes", "sectors", "used_bytes", "passes")


def check_report(
    raw: dict, launch: Launch, places: dict[int, tuple[int, np.ndarray]], memory: mmap.mmap
) -> None:
    """Hold the inspector's answer `raw` to the launch: its arrays, their sizes, and what was written.

    `places`: by address, where in `memory` each array lies after the launch, and the array as it was before.
    An element that has changed was written, and the counts of lines add up to those of arrays. Raises
    KernelError when something is not so, or a count is not a whole number.
    """
    try:
        wrong = _contradiction(raw, launch, places, memory)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        wrong = f"it cannot be read ({type(error).__name__})"
    if wrong:
        raise KernelError(f"the inspector's report of kernel {launch.kernel.name} is not believed: {wrong}")


def _contradiction(raw: dict, launch: Launch, places: dict, memory: mmap.mmap) -> str:
    arrays = [array for array in raw["arrays"] if array["space"] == "global"]
    counts = [
        *(array[name] for array in raw["arrays"] for name in ("reads", "writes", "atomics", "cells_written")),
        *(stat[name] for stat in raw["stats"] for name in _OF_A_LINE),
    ]
    if any(type(count) is not int or count < 0 for count in counts):
        return "a count is none"
    if any(stat["used_bytes"] > SECTOR_BYTES * stat["sectors"] for stat in raw["stats"]):
        return "more was used than moved"
    for place, array in enumerate(raw["arrays"]):
        lines = [stat["accesses"] for stat in raw["stats"] if stat["array"] == place]
        if sum(lines) != array["reads"] + array["writes"] + array["atomics"]:
            return f"the lines' accesses to {array['name']} are not all of them"
    by_name = {array["name"]: array for array in arrays}
    for address, (offset, before) in places.items():
        names = [
            parameter.name
            for parameter, value in zip(launch.kernel.parameters, launch.values, strict=True)
            if isinstance(value, np.ndarray) and value.ctypes.data == address
        ]
        told = next((by_name[name] for name in names if name in by_name), None)
        if told is None or told["bytes"] != before.nbytes:
            return f"{names[0]} is not in it as it was"
        after = np.frombuffer(memory[offset : offset + before.nbytes], np.uint8)
        changed = np.flatnonzero(after != np.frombuffer(before.tobytes(), np.uint8))
        if len(np.unique(changed // told["cell"])) > told["cells_written"]:
            return f"{names[0]} has changed where nothing was written"
    return ""
