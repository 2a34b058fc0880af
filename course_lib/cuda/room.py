"""Memory that this process and the one that runs its kernels both see, and NumPy arrays that lie in it.

It is a file without a name, in /dev/shm where there is room, else in the temporary folder: whatever happens
to the processes, the system takes it back with the last of them.
"""

import contextlib
import ctypes
import math
import mmap
import os
import tempfile
import weakref
from collections import deque

import numpy as np

from course_lib.cuda.errors import CourseFault
from course_lib.cuda.extents import Extents

SHARED_FOLDER = "/dev/shm"
_STEP = 1 << 20  # bytes that are asked of the file system at once
_MOST = 1 << 36  # bytes of address space for one segment
_UNUSED = 64 * 1024  # at both ends, so that a small stray stays inside


class Segment:
    """A file that both processes map: as large as its folder has bytes free, and empty until arrays need it.

    Raises OSError where there is none to be had.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self.file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  it lives as long as the room
        self.size = _free_bytes(folder) // mmap.PAGESIZE * mmap.PAGESIZE
        os.truncate(self.file.fileno(), self.size)
        self.memory = mmap.mmap(self.file.fileno(), self.size)
        self.address = np.frombuffer(self.memory, np.uint8).ctypes.data
        self.extents = Extents(self.size - 2 * _UNUSED)
        self.held = 0  # bytes from the beginning that the file system has promised

    def take(self, nbytes: int) -> int | None:
        """Where in the segment `nbytes` begin that are taken from now on, or None where they do not fit."""
        start = self.extents.take(nbytes)
        if start is None or self._hold(start + nbytes + 2 * _UNUSED):
            return None if start is None else start + _UNUSED
        self.extents.free(start)
        return None

    def free(self, start: int) -> None:
        """Give back what `take` has returned."""
        self.extents.free(start - _UNUSED)

    def _hold(self, end: int) -> bool:
        """Whether bytes up to `end` can be written: without a promise, a full disk would end the process."""
        if end <= self.held:
            return True
        for wanted in (min(self.size, -(-end // _STEP) * _STEP), end):
            with contextlib.suppress(OSError):
                _reserve(self.file.fileno(), self.held, wanted - self.held)
                self.held = wanted
                return True
        return False

    def contents(self) -> list[tuple[int, bytes]]:
        """Address and bytes of all that is taken."""
        starts = {start + _UNUSED: nbytes for start, nbytes in self.extents.taken.items()}
        return [(self.address + start, self.memory[start : start + n]) for start, n in starts.items()]

    def leave(self) -> None:
        """Put memory of this process alone, all zero, where the file is mapped."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_ssize_t]
        fixed, protection = 0x10, mmap.PROT_READ | mmap.PROT_WRITE  # MAP_FIXED, on Linux and macOS
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | fixed
        if self.held and libc.mmap(self.address, self.held, protection, flags, -1, 0) != self.address:
            os.abort()  # two processes would write to the same arrays
        self.file.close()


class Room:
    """The segments, and which bytes of them are an array's. Not for several threads at once."""

    def __init__(self):
        self.segments: list[Segment] = []
        self._folders = [SHARED_FOLDER] if os.access(SHARED_FOLDER, os.W_OK | os.X_OK) else []
        self._folders.append(tempfile.gettempdir())
        self._owners: dict[tuple[int, int], weakref.ref] = {}
        self._left: deque[tuple[int, int]] = deque()  # by arrays that are gone: told in the midst of anything

    def empty(self, shape, dtype) -> np.ndarray:
        """An array in the room, its values arbitrary, whose bytes are free once it and its views are gone.

        Raises CourseFault where there is no room for it.
        """
        dtype = np.dtype(dtype)
        shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        nbytes = math.prod(shape) * dtype.itemsize
        if not nbytes:
            return np.empty(shape, dtype)
        segment, start = place = self.take(nbytes)
        # All views have the owner as their base, as it owns nothing that NumPy knows.
        owner = np.frombuffer(self.segments[segment].memory, np.uint8, nbytes, start)
        left = self._left
        self._owners[place] = weakref.ref(owner, lambda _: left.append(place))
        return owner.view(dtype).reshape(shape)

    def take(self, nbytes: int) -> tuple[int, int]:
        """Number of a segment and where in it `nbytes` bytes begin. Raises CourseFault."""
        self._tidy()
        for number, segment in enumerate(self.segments):
            if (start := segment.take(nbytes)) is not None:
                return number, start
        while self._folders:
            with contextlib.suppress(OSError, ValueError):
                self.segments.append(Segment(self._folders.pop(0)))
                if (start := self.segments[-1].take(nbytes)) is not None:
                    return len(self.segments) - 1, start
        where = " and ".join(f"{s.folder} {_free_bytes(s.folder) >> 20:,} MB" for s in self.segments)
        raise CourseFault(
            f"there is no room for an array of {nbytes:,} bytes beside those that kernels share (free: "
            f"{where or 'nothing'}); delete arrays you no longer need, or compile without lasting=True"
        )

    def free(self, place: tuple[int, int]) -> None:
        """Give back what `take` has returned."""
        self.segments[place[0]].free(place[1])

    def _tidy(self) -> None:
        while self._left:
            place = self._left.popleft()
            del self._owners[place]
            self.free(place)

    def find(self, address: int) -> tuple[int, int] | None:
        """Number of the segment and place in it of an address; None for one that lies elsewhere."""
        for number, segment in enumerate(self.segments):
            if 0 <= address - segment.address < segment.size:
                return number, address - segment.address
        return None

    def contents(self) -> list[tuple[int, bytes]]:
        """Address and bytes of all that lies in the room now."""
        self._tidy()
        return [part for segment in self.segments for part in segment.contents()]

    def leave(self, contents: list[tuple[int, bytes]]) -> None:
        """In a fork: the arrays keep their addresses and what `contents` says, and lie in no room."""
        for segment in self.segments:
            segment.leave()
        for address, part in contents:
            ctypes.memmove(address, part, len(part))


def _free_bytes(folder: str) -> int:
    """Bytes that a file in the folder may have, as far as this process can map them."""
    disk = os.statvfs(folder)
    bytes_free = min(disk.f_bavail * disk.f_frsize, _MOST)
    with contextlib.suppress(ImportError):
        import resource

        for limit, share in ((resource.RLIMIT_FSIZE, 1), (resource.RLIMIT_AS, 4)):
            most = resource.getrlimit(limit)[0]
            if most != resource.RLIM_INFINITY:
                bytes_free = min(bytes_free, most // share)
    return bytes_free


def _reserve(file: int, start: int, nbytes: int) -> None:
    """Raises OSError where the disk has no room for these bytes of a file."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, start, nbytes)
        return
    for part in range(start, start + nbytes, _STEP):  # macOS has no such call
        os.pwrite(file, bytes(min(_STEP, start + nbytes - part)), part)
