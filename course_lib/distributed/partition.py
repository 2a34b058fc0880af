"""Which examples each rank trains on in an epoch."""

import numpy as np

from course_lib import seeds
from course_lib.arguments import count
from course_lib.notebook.reference import reference


@reference("Lab5.1")
def partition(n: int, ranks: int, epoch: int, seed: int) -> list[np.ndarray]:
    """The numbers 0 to n - 1, shuffled and dealt out to ranks as index arrays.

    Their sizes differ by at most 1. Each epoch has another order; every rank that asks gets the same answer,
    so nobody needs to send one.
    Raises ValueError for fewer ranks than 1, and a negative n.
    """
    count(0, n=n)
    count(ranks=ranks)
    order = seeds.stream("distributed", "partition", epoch, seed=seed).permutation(n)
    return np.array_split(order, ranks)
