"""How the rate changes over a training run."""

import numpy as np

from course_lib.notebook.reference import reference


@reference("Q4.6")
def cosine_factors(steps: int, warmup: int = 0, floor: float = 0.0) -> np.ndarray:
    """Factors (steps,) of the rate: up in `warmup` equal steps to 1, then down a half cosine toward `floor`.

    Loshchilov and Hutter 2017 (arXiv:1608.03983, equation 5) without restarts; warmup as in Goyal et al.
    2017 (arXiv:1706.02677). Raises ValueError unless 0 <= warmup < steps and 0 <= floor <= 1.
    """
    if not 0 <= warmup < steps or not 0 <= floor <= 1:
        raise ValueError(
            f"a schedule needs 0 <= warmup < steps and a floor in [0, 1], "
            f"not {warmup} of {steps} steps and {floor}"
        )
    rising = np.arange(1, warmup + 1) / max(warmup, 1)
    progress = np.arange(steps - warmup) / (steps - warmup)
    return np.concatenate([rising, floor + (1 - floor) * (1 + np.cos(np.pi * progress)) / 2])
