"""The loss along the straight line between two models: is their average a good model?

McMahan et al. 2017, figure 1, after Goodfellow et al. 2015 (arXiv:1412.6544).
"""

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import row
from course_lib.federated.network import Weights, losses


def between(first: Weights, second: Weights, place: float) -> Weights:
    """The model (1 - place) · first + place · second: 0 is the first, 1 the second, 0.5 their average.

    Raises ValueError for models of different shapes.
    """
    shapes = [[part.shape for part in model] for model in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"models on a line have one shape, not {shapes[0]} and {shapes[1]}")
    return [((1 - place) * a + place * b).astype(a.dtype) for a, b in zip(first, second, strict=True)]


def loss_along(
    first: Weights, second: Weights, x: np.ndarray, y: np.ndarray, places: Sequence[float]
) -> np.ndarray:
    """Mean cross-entropy (m,) on x (n, in) and y (n,) of the models at these places (m,) on the line."""
    places = row("places", places)
    return np.array([losses(between(first, second, place), x, y).mean() for place in places])
