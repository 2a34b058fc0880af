"""Memory that two processes see: what is free, what is kept, and what is said when there is too little."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import cuda
from course_lib.cuda import room as rooms
from course_lib.cuda.extents import ALIGNMENT, Extents
from course_lib.cuda.room import Room
from course_lib.paths import ROOT

MB = 1 << 20


@given(st.lists(st.one_of(st.integers(0, 3000), st.floats(0, 1, exclude_max=True)), max_size=60))
def test_extents_overlap_nowhere_and_all_come_back(steps):
    """Whole numbers take as many bytes; fractions free one of those that are taken."""
    extents, taken = Extents(16 * ALIGNMENT), {}
    for step in steps:
        if isinstance(step, float) and taken:
            start = sorted(taken)[int(step * len(taken))]
            extents.free(start)
            del taken[start]
        elif isinstance(step, int):
            start = extents.take(step)
            if start is not None:
                assert start % ALIGNMENT == 0
                assert 0 <= start <= start + step < 16 * ALIGNMENT
                assert all(start > other + n or other > start + step for other, n in taken.items())
                taken[start] = step
            else:
                length = (step // ALIGNMENT + 1) * ALIGNMENT
                used = {place for s, n in taken.items() for place in range(s, s + n + 1, ALIGNMENT)}
                gaps = "".join("x" if place in used else " " for place in range(0, 16 * ALIGNMENT, ALIGNMENT))
                assert " " * (length // ALIGNMENT) not in gaps
        assert extents.taken == taken
    for start in taken:
        extents.free(start)
    assert extents.take(16 * ALIGNMENT - 1) == 0


def test_an_extent_that_is_not_taken_cannot_be_freed():
    extents = Extents(4 * ALIGNMENT)
    start = extents.take(1)
    extents.free(start)
    with pytest.raises(KeyError):
        extents.free(start)


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "SHARED_FOLDER", str(tmp_path))
    return Room()


def _places(room: Room) -> int:
    room.contents()  # looks for what has been left
    return sum(len(segment.extents.taken) for segment in room.segments)


@pytest.mark.parametrize("view", [
    lambda x: x.reshape(-1), lambda x: x.T, lambda x: x[1:], lambda x: x.view(np.int32),
    lambda x: np.broadcast_to(x[0], (9, 4)), memoryview, lambda x: x.T[::-1].reshape(2, 2, 3, order="F"),
])  # fmt: skip
def test_an_array_is_kept_as_long_as_a_view_of_it(room, view):
    array = room.empty((3, 4), "float32")
    array[...] = 7
    kept = view(array.reshape(3, 4))
    del array
    other = room.empty((3, 4), "float32")
    other[...] = 8
    assert _places(room) == 2
    assert (np.asarray(kept).view(np.float32) == 7).all()
    del kept
    assert _places(room) == 1


def test_memory_that_was_left_is_taken_again(room):
    for _ in range(200):
        room.empty(MB, np.uint8)[:] = 1
    assert room.segments[0].held < 4 * MB


@pytest.mark.parametrize(
    ("shape", "dtype"), [((), "float64"), (3, "int8"), ([2, 3], np.float16), ((0, 4), "i4")]
)
def test_arrays_are_as_numpys(room, shape, dtype):
    array, plain = room.empty(shape, dtype), np.empty(shape, dtype)
    assert (array.shape, array.dtype, array.strides) == (plain.shape, plain.dtype, plain.strides)
    assert array.flags.writeable
    assert type(array) is np.ndarray


def test_where_the_first_folder_is_full_another_one_serves(tmp_path, monkeypatch, room):
    free = {str(tmp_path): 3 * MB, rooms.tempfile.gettempdir(): 64 * MB}
    monkeypatch.setattr(rooms, "_free_bytes", free.__getitem__)
    small, large = room.empty(MB, np.uint8), room.empty(8 * MB, np.uint8)
    assert [segment.folder for segment in room.segments] == list(free)
    assert room.find(small.ctypes.data)[0] == 0
    assert room.find(large[-1:].ctypes.data)[0] == 1
    with pytest.raises(cuda.CourseFault, match="no room for an array of 67,108,864 bytes") as told:
        room.empty(64 * MB, np.uint8)
    assert "\n" not in str(told.value)
    assert f"{tmp_path} 3 MB and " in str(told.value)
    large[:] = 1
    assert room.empty(MB, np.uint8).size == MB


def test_a_disk_that_fills_up_meanwhile_is_told_before_an_array_is_given(monkeypatch, room):
    kept = room.empty(MB, np.uint8)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rooms, "_reserve", full)
    with pytest.raises(cuda.CourseFault, match="no room for an array of 33,554,432 bytes"):
        room.empty(32 * MB, np.uint8)
    assert _places(room) == 1
    kept[:] = 1


SMALL_SHARED_FOLDER = """
import sys
import numpy as np
from course_lib import cuda
from course_lib.cuda import lasting

SOURCE = '''extern "C" __global__ void twice(const float* x, float* y, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = 2 * x[i];
}'''
module = cuda.compile(SOURCE, device="host", lasting=True)
x, y = module.array(np.arange(1 << 18, dtype=np.float32)), module.empty(1 << 18)
module["twice"](1, 256, (x, y, x.size))
large = module.empty(1 << 24)
large[:] = 3
module["twice"](1, 256, (large, large, 1 << 18))
print([segment.folder for segment in lasting._room.segments], y[-1], large[:2].tolist(), large[-1])
module.empty(1 << 30)
"""


@pytest.mark.needs("sandbox", "compiler")
def test_a_shared_folder_of_8_mb_is_left_for_the_temporary_folder(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SMALL_SHARED_FOLDER)
    (tmp_path / "small").mkdir()
    # In /dev/shm 8 MB, in the temporary folder 200 MB.
    mount = "mount -t tmpfs -o size=8m none /dev/shm && mount -t tmpfs -o size=200m none $0"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"']
    run = subprocess.run(
        [*command, str(tmp_path / "small"), sys.executable, str(script)],
        capture_output=True, text=True,
        env=os.environ | {"TMPDIR": str(tmp_path / "small"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    folders = ["/dev/shm", str(tmp_path / "small")]
    assert run.stdout == f"{folders} {2.0 * ((1 << 18) - 1)} [6.0, 6.0] 3.0\n", run.stderr
    assert run.stderr.splitlines()[-1].startswith(
        "course_lib.cuda.errors.CourseFault: there is no room for an array of 4,294,967,296 bytes beside"
    )
    assert not list(Path(tmp_path / "small").iterdir())
