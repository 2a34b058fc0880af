"""Few images to learn from, a share of their labels wrong, and clean ones to validate and test on.

With wrong labels put in on purpose, what a network has learned by heart can be counted label by label: Zhang
et al. 2017 (arXiv:1611.03530), Arpit et al. 2017 (arXiv:1706.05394).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import datasets, seeds
from course_lib.notebook.reference import reference


@dataclass(frozen=True)
class Samples:
    """What one network learns from and is measured on; x float32 (n, 784) in [0, 1], labels int64 (n,).

    `given` are the training labels as the network gets them, `true` what the images show. The labels of
    validation and test images are all right. `seed` also begins the network.
    """

    x_train: np.ndarray
    given: np.ndarray
    true: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    seed: int


@functools.cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """All 1,797 handwritten digits, read-only: x float32 (1797, 784) in [0, 1] and y int64 (1797,)."""
    data = datasets.digits()
    x, y = np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test])
    x.flags.writeable = y.flags.writeable = False
    return x, y


def wrong_labels(y: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """A copy of the classes y (n,) in which `share` of each class carries another class, drawn evenly.

    Raises ValueError unless share is in [0, 1] and y holds at least two classes.
    """
    classes = np.unique(y)
    if not 0 <= share <= 1 or len(classes) < 2:
        raise ValueError(
            f"wrong_labels needs a share in [0, 1] and two classes, not {share} and {len(classes)}"
        )
    random = seeds.stream("overfitting", "wrong labels", seed=seed)
    given = y.copy()
    for i, label in enumerate(classes):
        members = random.permutation(np.flatnonzero(y == label))
        chosen = members[: round(share * len(members))]
        given[chosen] = classes[(i + random.integers(1, len(classes), len(chosen))) % len(classes)]
    return given


def samples(parts: Sequence[np.ndarray], share: float, seed: int = 0) -> Samples:
    """Training, validation and test images by three index arrays into `images()`; `share` of labels wrong.

    Raises ValueError for parts that are not three, are empty, or have an image in common.
    """
    parts = [np.asarray(part) for part in parts]
    together = np.concatenate(parts)
    if len(parts) != 3 or min(map(len, parts)) == 0 or len(np.unique(together)) < len(together):
        raise ValueError(
            "samples needs three parts, for training, validation and test, with no image in common"
        )
    x, y = images()
    (x_train, true), *others = ((x[part], y[part]) for part in parts)
    held_out = [array for pair in others for array in pair]
    return Samples(x_train, wrong_labels(true, share, seed), true, *held_out, seed=seed)


@reference("Q5.1")
def stratified(sizes: Sequence[int] = (500, 400, 400), seed: int = 0) -> list[np.ndarray]:
    """Disjoint index arrays of these sizes into `images()`, each with every class in proportion."""
    from sklearn.model_selection import train_test_split

    y = images()[1]
    rest, parts = np.arange(len(y)), []
    state = int(seeds.stream("overfitting", "parts", seed=seed).integers(2**31))
    for size in sizes:
        part, rest = train_test_split(rest, train_size=size, stratify=y[rest], random_state=state)
        parts.append(part)
    return parts
