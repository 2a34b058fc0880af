"""Writes digits.npz: scikit-learn's handwritten digits, split for training and for testing.

    python data/digits.py

`datasets.digits()` reads them from there: to import scikit-learn takes most of a second of a processor.
"""

import io

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from course_lib import seeds
from course_lib.datasets import DIGITS
from course_lib.paths import write_atomically


def split() -> dict[str, np.ndarray]:
    """Images (n, 8, 8) of 0 to 16 and digits (n,) to train and to test, each class in the same proportion."""
    source = load_digits()
    images, digits = source.images.astype(np.uint8), source.target.astype(np.uint8)
    chosen = int(seeds.stream("digits", "split").integers(2**31))
    parts = train_test_split(images, digits, test_size=360, stratify=digits, random_state=chosen)
    return dict(zip(("x_train", "x_test", "y_train", "y_test"), parts, strict=True))


if __name__ == "__main__":
    file = io.BytesIO()
    np.savez_compressed(file, **split())
    write_atomically(DIGITS, file.getvalue())
