"""Runs kernels in one process that lasts from launch to launch, as child.py does in one for each launch.

A launch is a message of a hundred bytes. Arrays that lie in the room are the kernel's as they are; others are
copied into it and back. A kernel that crashes or does not end takes the process with it, and the next launch
starts another one.
"""

import atexit
import ctypes
import os
import threading
from pathlib import Path

import numpy as np

from course_lib.cuda import child, runner
from course_lib.cuda.arguments import Launch, address
from course_lib.cuda.errors import KernelError
from course_lib.cuda.room import Room
from course_lib.cuda.service import Ended, Service

_KEPT = 1 << 22  # bytes of a place for copies that is kept for the next launch
_lock = threading.RLock()
_service: Service | None = None
_room = Room()
_copies: tuple[int, int, int] | None = None  # segment, start and bytes of the place for copies
_at_fork: list[tuple[int, bytes]] = []


def empty(shape, dtype) -> np.ndarray:
    """An array that kernels take without a copy, its values arbitrary. Raises CourseFault without room."""
    with _lock:
        return _room.empty(shape, dtype)


def array(values) -> np.ndarray:
    """The values as a contiguous array in the room; one that is already in it stays as it is."""
    values = np.ascontiguousarray(values)
    with _lock:
        if not values.nbytes or _room.find(address(values)):
            return values
        copy = _room.empty(values.shape, values.dtype)
    copy[...] = values
    return copy


def run(library: Path, launch: Launch, seconds: float, explain=str) -> str:
    """Run `launch` for at most `seconds`; what it has printed. Arrays and errors are as those of child.run.

    After an error, arrays in the room are as the kernel left them.
    """
    with _lock:
        try:
            return _run(library, launch, seconds, explain)
        except OSError as error:
            raise child.machine(launch, str(error)) from None


def _run(library: Path, launch: Launch, seconds: float, explain) -> str:
    cells, elsewhere = [], []
    for value in launch.values:
        if not isinstance(value, np.ndarray):
            cells.append(0 if value is None else value)
        elif place := _room.find(address(value)):
            cells.append(place)
        else:
            elsewhere.append(len(cells))
            cells.append(None)
    if not elsewhere:
        return _ask(library, launch, cells, seconds, explain)
    places, end = {}, child.SLACK
    for i in elsewhere:
        value, offset = launch.values[i], end
        if value.nbytes:
            offset = child.place(launch, launch.kernel.parameters[i].name, value, places, end)
        if offset == end:
            end += child.with_slack(value.nbytes)
        cells[i] = offset
    segment, start, _ = place = _place_for_copies(end)
    for i in elsewhere:
        cells[i] = segment, start + cells[i]
    start += _room.segments[segment].address
    try:
        for begins, (offset, value) in places.items():
            ctypes.memmove(start + offset, begins, value.nbytes)
        printed = _ask(library, launch, cells, seconds, explain)
        for begins in child.outputs(launch, places):
            offset, value = places[begins]
            ctypes.memmove(begins, start + offset, value.nbytes)
    finally:
        if place != _copies:
            _room.free(place[:2])
    return printed


def _ask(library: Path, launch: Launch, cells: list, seconds: float, explain) -> str:
    """Launch; `cells` are numbers, and places in the room as its numbers of segments and bytes in them."""
    service = _running()
    starts = service.addresses
    cells = [starts[cell[0]] + cell[1] if type(cell) is tuple else cell for cell in cells]
    shape = (launch.shared_mem, runner.cores(), *launch.grid, *launch.block)
    try:
        ended, message, printed = service.launch(library, launch.kernel, shape, cells, seconds)
    except Ended as how:
        why = child.ending(launch, how.status, how.errors)
        raise KernelError(f"kernel {launch.kernel.name} {why}") from None
    except TimeoutError:
        raise child.stopped(launch, seconds, explain) from None
    if not ended:
        raise KernelError(explain(message))
    return printed


def _place_for_copies(nbytes: int) -> tuple[int, int, int]:
    global _copies
    if _copies is not None and _copies[2] >= nbytes:
        return _copies
    if nbytes > _KEPT:
        return *_room.take(nbytes), nbytes
    if _copies is not None:
        _room.free(_copies[:2])
        _copies = None
    _copies = *_room.take(nbytes), nbytes
    return _copies


def _running() -> Service:
    """The process; a new one where there is none, or where the room has grown since it was started."""
    global _service
    if _service is not None and _service.segments < len(_room.segments):
        end()
    if _service is None or _service.is_over:
        segments = [(segment.file.fileno(), segment.size) for segment in _room.segments]
        _service = Service(segments, child.call_filter())
    return _service


@atexit.register
def end() -> None:
    """End the process, if there is one; the next launch starts another. Arrays in the room stay."""
    global _service
    with _lock:
        if _service is not None and not _service.is_over:
            _service.end()
        _service = None


def _before_fork() -> None:
    """A fork must keep its arrays as they are now, and the process that runs kernels is not its own."""
    _lock.acquire()
    _at_fork[:] = _room.contents()


def _after_in_parent() -> None:
    _at_fork.clear()
    _lock.release()


def _after_in_child() -> None:
    global _lock, _service, _room, _copies
    _lock = threading.RLock()  # the old one was the other process's to release
    if _service is not None:
        _service.let_go()
    _room.leave(_at_fork)
    _at_fork.clear()
    _service, _room, _copies = None, Room(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
