"""Gradient descent with momentum on a quadratic bowl, many rates at once: the model in which all is known."""

from collections.abc import Sequence

import numpy as np

from course_lib.notebook.reference import reference


@reference("Q4.1")
def bowl_paths(
    rates: Sequence[float],
    curvatures: Sequence[float],
    start: Sequence[float],
    steps: int,
    momentum: float = 0.0,
) -> np.ndarray:
    """Positions (rates, steps + 1, n) of heavy-ball descent on f(x) = Σ curvature · x² / 2 from `start` (n,).

    v ← momentum · v + f'(x), then x ← x - rate · v (Polyak 1964, as torch's SGD). Raises ValueError unless
    momentum lies in [0, 1) and start has a number for each curvature.
    """
    curvatures, start = np.asarray(curvatures, dtype=np.float64), np.asarray(start, dtype=np.float64)
    rates = np.asarray(rates, dtype=np.float64)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must lie in [0, 1), not {momentum}")
    if curvatures.ndim != 1 or start.shape != curvatures.shape:
        raise ValueError(
            f"start needs one number for each of the {curvatures.size} curvatures, not {start.shape}"
        )
    paths = np.empty((len(rates), steps + 1, curvatures.size))
    paths[:, 0] = start
    velocity = np.zeros((len(rates), curvatures.size))
    for step in range(steps):
        velocity = momentum * velocity + curvatures * paths[:, step]
        paths[:, step + 1] = paths[:, step] - rates[:, None] * velocity
    return paths


@reference("Q4.2")
def largest_stable_rate(curvatures: Sequence[float], momentum: float = 0.0) -> float:
    """The rate below which `bowl_paths` comes to rest: 2 (1 + momentum) / largest curvature.

    Infinite where nothing curves upward. Goh 2017, "Why momentum really works", section "First steps".
    """
    largest = max(curvatures)
    return 2 * (1 + momentum) / largest if largest > 0 else float("inf")
