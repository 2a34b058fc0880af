"""Views of an array, as kernels for strided arrays take them: memory, offset and strides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import cuda
from course_lib.cuda import lasting


def _elements(array) -> np.ndarray:
    """The array gathered through its storage, element by element."""
    memory, offset, strides = cuda.storage(array)
    assert memory.ndim == 1
    assert memory.flags.c_contiguous
    places = offset + sum(i * s for i, s in zip(np.indices(array.shape), strides, strict=True))
    return memory[places]


VIEWS = {
    "itself": lambda x: x,
    "transposed": lambda x: x.T,
    "reversed": lambda x: x[::-1, :, ::-2],
    "one plane": lambda x: x[1],
    "a column": lambda x: x[:, 2, 3],
    "broadcast": lambda x: np.broadcast_to(x[:, :1], (3, 4, 5)),
    "reshaped": lambda x: x.reshape(4, 15)[1:],
    "one element": lambda x: x[1, 2, 3, ...],
    "no element": lambda x: x[:0],
}


@pytest.mark.parametrize("make", [np.array, lasting.array, np.asfortranarray], ids=["own", "room", "fortran"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_element_of_a_view_is_where_its_storage_says(make, view):
    array = view(make(np.arange(60, dtype=np.float32).reshape(3, 4, 5)))
    np.testing.assert_array_equal(_elements(array), array)


SLICES = st.sampled_from([slice(None), slice(1, None), slice(None, None, -1)])


@given(st.permutations(range(3)), st.lists(SLICES, min_size=3, max_size=3))
def test_slices_of_permuted_arrays_need_no_copy(axes, slices):
    array = np.arange(60.0).reshape(3, 4, 5)
    view = array.transpose(axes)[tuple(slices)]
    np.testing.assert_array_equal(_elements(view), view)
    assert np.shares_memory(cuda.storage(view).memory, array)


def test_a_view_across_elements_is_refused():
    fields = np.zeros(4, np.dtype([("flag", np.int8), ("value", np.float32)]))
    with pytest.raises(ValueError, match="has no plain memory; copy it"):
        cuda.storage(fields["value"])
    windows = np.lib.stride_tricks.as_strided(np.arange(4.0), (2, 2), (8, 8))
    with pytest.raises(ValueError, match="has no plain memory"):
        cuda.storage(windows)
