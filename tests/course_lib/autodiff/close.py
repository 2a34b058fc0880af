"""Whether two results are the same, but for rounding."""

import numpy as np


def close(given, expected, rtol: float = 1e-9) -> None:
    """Arrays, tensors or numbers: same shape, same values, all elements."""
    given, expected = (
        np.asarray(each.numpy() if hasattr(each, "numpy") else each) for each in (given, expected)
    )
    assert given.shape == expected.shape
    np.testing.assert_allclose(given, expected, rtol=rtol, atol=rtol)
