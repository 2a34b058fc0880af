"""Runs one kernel of a compiled library. Standard library only: a child process is this file and one more.

As a program: `python runner.py JOB`, where JOB is a JSON file and the arrays lie in a file that both
processes map.
"""

import contextlib
import ctypes
import json
import mmap
import os
import sys
import threading
from pathlib import Path

_libraries: dict[str, tuple[ctypes.CDLL, threading.Lock]] = {}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(path: str, kernel: str, grid, block, cells, shared_mem: int, workers: int) -> tuple[bool, str, str]:
    """Launch `kernel` of the library at `path`; `cells` are ctypes values, one a parameter, in order.

    Returns (ended well, message, what the kernel printed). Raises LookupError when the host has no such
    kernel.
    """
    if path not in _libraries:
        _libraries[path] = ctypes.CDLL(path), threading.Lock()
    library, lock = _libraries[path]
    try:
        entry = getattr(library, f"__course_entry_{kernel}")
    except AttributeError:
        raise LookupError(kernel) from None
    pointers = (ctypes.c_void_p * max(1, len(cells)))(*(ctypes.addressof(cell) for cell in cells))
    message = ctypes.create_string_buffer(1024)
    with lock:
        failed = library.__course_run(
            ctypes.cast(entry, ctypes.c_void_p), pointers,
            (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block),
            ctypes.c_uint(shared_mem), ctypes.c_int(workers), message, ctypes.c_size_t(len(message)),
        )  # fmt: skip
        text = ctypes.c_char_p()
        library.__course_output.restype = ctypes.c_size_t
        size = library.__course_output(ctypes.byref(text))
        printed = ctypes.string_at(text, size).decode(errors="replace")
    return not failed, message.value.decode(errors="replace"), printed


def _limit(seconds: float) -> None:
    """The parent stops this process after the same time; this holds when the parent is gone."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds * cores()) + 2, int(seconds * cores()) + 4))


def _give_up(filter_of_calls: bytes) -> None:
    """From now on the process can do little but compute. A Linux without such filters lets it go on."""
    # Python was started with -I and finds nothing of the course otherwise.
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from course_lib import call_filter

    ctypes.CDLL(None).prctl(call_filter.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(call_filter.NoFilter):
        call_filter.install(filter_of_calls)


def _job(path: str) -> None:
    with open(path) as file:
        job = json.load(file)
    _limit(job["seconds"])
    # What is written at the end is opened now: a kernel's code may be in this process by then.
    answer = open(job["answer"], "w")  # noqa: SIM115
    report = os.open(job["report"], os.O_WRONLY | os.O_CREAT, 0o600) if job["report"] else -1
    with open(job["arrays"], "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    if job["filter"]:
        _give_up(bytes.fromhex(job["filter"]))
    cells, arrays = [], []
    for value in job["values"]:
        if "bytes" in value:
            raw = bytes.fromhex(value["bytes"])
            cells.append(ctypes.create_string_buffer(raw, len(raw)))
        elif "offset" in value:
            cells.append(ctypes.c_void_p(start + value["offset"]))
            arrays.append(
                (value["name"], start + value["offset"], value["size"], value["itemsize"], value["slack"])
            )
        else:
            cells.append(ctypes.c_void_p(None))
    if job["report"]:
        library = ctypes.CDLL(job["library"])
        library.__course_inspect_begin(
            ctypes.c_void_p(start), ctypes.c_size_t(len(memory)), ctypes.c_int(report)
        )
        for name, address, size, itemsize, slack in arrays:
            library.__course_inspect_array(
                name.encode(),
                ctypes.c_void_p(address),
                ctypes.c_size_t(size),
                ctypes.c_uint(itemsize),
                ctypes.c_size_t(slack),
            )
    ended, message, printed = run(
        job["library"], job["kernel"], job["grid"], job["block"], cells, job["shared_mem"], job["workers"]
    )
    if job["report"]:
        library.__course_inspect_end()
    with answer:
        json.dump({"ended": ended, "message": message, "printed": printed}, answer)


if __name__ == "__main__":
    _job(sys.argv[1])
    # The mapped arrays are shared with the parent; nothing is left to tidy, and unmapping would need their
    # views gone.
    sys.stdout.flush()
    os._exit(0)
