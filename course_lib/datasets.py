"""The data of the workbook: real handwritten digits and two-dimensional point sets."""

import functools
from dataclasses import dataclass

import numpy as np

from course_lib import seeds


@dataclass(frozen=True)
class Split:
    """Images and labels, for training and for testing.

    x_train and x_test: float32 (n, 784) in [0, 1], an image's 28 rows one after the other;
    y_train and y_test: int64 (n,), the digits 0 to 9.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def digits() -> Split:
    """The 1,797 real digits that ship with scikit-learn, 8x8 made 28x28: 1,437 to train, 360 to test.

    Each class is split in the same proportion, and always in the same way. The arrays are the caller's
    own. Source: UCI Optical Recognition of Handwritten Digits (test part), sklearn.datasets.load_digits.
    """
    split = _digits()
    return Split(split.x_train.copy(), split.y_train.copy(), split.x_test.copy(), split.y_test.copy())


@functools.cache
def _digits() -> Split:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    source = load_digits()
    x = _upsample(source.images / 16.0, 28).reshape(-1, 784).astype(np.float32)  # the source counts 0 to 16
    y = source.target.astype(np.int64)
    chosen = int(seeds.stream("digits", "split").integers(2**31))
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=360, stratify=y, random_state=chosen)
    return Split(x_train, y_train, x_test, y_test)


def _upsample(images: np.ndarray, size: int) -> np.ndarray:
    """Square images (n, s, s) to (n, size, size), bilinear, pixels as areas (torch's align_corners=False)."""
    old = images.shape[-1]
    centers = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    # Row i holds the weights of the old pixels in the new pixel i: a hat around its center.
    weights = np.maximum(0, 1 - np.abs(centers[:, None] - np.arange(old)))  # (size, old)
    return weights @ images @ weights.T


def xor(n: int, noise: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Four equal Gaussian clusters at (±1, ±1), with class 1 where the signs differ.

    `noise` is a cluster's standard deviation in each direction. Returns x float32 (n, 2) and y int64 (n,),
    shuffled. Raises ValueError for n < 4 or a negative noise.
    """
    random = _checked_stream("xor", n, noise, seed)
    corner = np.arange(n) % 4
    signs = np.stack([corner % 2, corner // 2], axis=1) * 2.0 - 1  # (n, 2)
    return _shuffled(signs, (signs[:, 0] != signs[:, 1]), noise, random)


def rings(n: int, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two circles around the origin, of radius 0.5 (class 0) and 1 (class 1), blurred by `noise`.

    Returns x float32 (n, 2) and y int64 (n,), shuffled. Raises ValueError as `xor` does.
    """
    random = _checked_stream("rings", n, noise, seed)
    y = np.arange(n) % 2
    angle = random.uniform(0, 2 * np.pi, n)
    return _shuffled(_polar(0.5 + 0.5 * y, angle), y, noise, random)


def spirals(n: int, noise: float = 0.02, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two spirals of a turn and a half about each other, radius 0.1 to 1, blurred by `noise`.

    Returns x float32 (n, 2) and y int64 (n,), shuffled. Raises ValueError as `xor` does.
    """
    random = _checked_stream("spirals", n, noise, seed)
    y = np.arange(n) % 2
    along = np.sqrt(random.uniform(0, 1, n))  # the root spreads the points evenly along the curve
    return _shuffled(_polar(0.1 + 0.9 * along, 3 * np.pi * along + np.pi * y), y, noise, random)


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _checked_stream(name: str, n: int, noise: float, seed: int) -> np.random.Generator:
    if n < 4 or noise < 0:
        raise ValueError(
            f"{name} needs at least 4 points and a noise of at least 0, not n={n}, noise={noise}"
        )
    return seeds.stream("datasets", name, seed=seed)


def _shuffled(
    x: np.ndarray, y: np.ndarray, noise: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    x = x + random.normal(scale=noise, size=x.shape)
    order = random.permutation(len(x))
    return x[order].astype(np.float32), y[order].astype(np.int64)
