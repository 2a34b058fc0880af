"""What a test cell says: points earned, read from the outputs of its run."""

import math
import re

# How a float prints: 0.5, 1e-05, and as NumPy 2 shows its scalars, np.float64(0.5).
NUMBER = re.compile(r"(?:np\.(?:float|int)\d+\()?([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf|nan)\)?")


class TestCellError(Exception):
    """The test itself is wrong: its last value is no number of points."""

    __test__ = False  # pytest collects by name


def points_earned(outputs: list[dict], possible: float) -> float:
    """Points of a test cell that is worth `possible`, from the outputs (nbformat 4) of its run.

    An error gives 0, no value gives all points, a number gives that many, clipped to [0, possible]. What was
    printed, shown or written to stderr counts for nothing. Raises TestCellError when the value is NaN, a
    bool or no number: nbgrader would give full points for each of these.
    """
    if any(output["output_type"] == "error" for output in outputs):
        return 0.0
    results = [output for output in outputs if output["output_type"] == "execute_result"]
    if not results:
        return possible
    text = results[-1]["data"].get("text/plain", "")
    text = "".join(text).strip()
    number = NUMBER.fullmatch(text)
    if number is None or math.isnan(float(number[1])):
        raise TestCellError(f"the test ends with {text[:60]!r}, which is no number of points")
    return min(max(float(number[1]), 0.0), possible)
