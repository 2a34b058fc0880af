"""What a tensor computes with: four verbs, and the closed lists of operations that they know.

Everything that the engine computes, forward and backward, is made of these, so whoever writes four kernels
can train a network with them. Views (permute, expand, slices) are made by the arrays themselves.
"""

from typing import Any, Protocol

import numpy as np

Array = Any  # of NumPy or of CuPy, with any strides

MAP = ("negate", "exp", "log", "sqrt", "tanh", "sigmoid", "relu")
# equal and less give 0 or 1; select gives y where x is not 0, and 0 elsewhere, whatever y is there.
ZIP = ("add", "subtract", "multiply", "divide", "power", "equal", "less", "select")
REDUCE = ("sum", "max")


class Backend(Protocol):
    """Results are new arrays, of the dtype of what went in; nothing is ever written in place."""

    def map(self, operation: str, x: Array) -> Array:
        """One of MAP on every element."""

    def zip(self, operation: str, x: Array, y: Array) -> Array:
        """One of ZIP on every pair of elements; shapes broadcast as NumPy's do."""

    def reduce(self, operation: str, x: Array, dim: int) -> Array:
        """One of REDUCE along a dimension (from 0), which keeps its place with size 1.

        The sum of nothing is 0; of nothing there is no max (ValueError).
        """

    def matmul(self, x: Array, y: Array) -> Array:
        """x (..., n, k) times y (..., k, m) is (..., n, m); what stands in front broadcasts."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """A C-contiguous array to be filled."""

    def contiguous(self, x: Array) -> Array:
        """The array in C order, copied only where it must be."""

    def array(self, values: Any, dtype: np.dtype) -> Array:
        """Numbers, lists or an array of NumPy as an array of this backend."""

    def numpy(self, x: Array) -> np.ndarray:
        """The array as NumPy's."""
