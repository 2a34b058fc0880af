"""Runs one kernel of a compiled library. Standard library only: a child process is this file and one more.

As a program: `python runner.py JOB`, where JOB is a JSON file and the arrays lie in a file that both
processes map; or `python runner.py --lasting JOB`, which runs what is asked of it until its input ends.
"""

import contextlib
import ctypes
import io
import json
import mmap
import os
import struct
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


# A launch: number of the kernel, bytes of shared memory, workers, nothing, grid and block; then 8 bytes for
# each argument. What asks for a kernel, instead of its number, is MEET and the paths of library and kernel.
LAUNCH, MEET, MOST_ARGUMENTS = struct.Struct("<10I"), 0xFFFFFFFF, 500
# An answer: whether it has failed (NO_KERNEL and NO_LIBRARY where it met none), and the bytes of the message
# and of what the kernel has printed, which follow.
ANSWER = struct.Struct("<3I")
NO_KERNEL, NO_LIBRARY = 1, 2
_BUFFER = LAUNCH.size + 8 * MOST_ARGUMENTS  # less than PIPE_BUF, so that it comes in one piece


def _serve(job: dict) -> None:
    """Launch what is asked for on one pipe and answer on another, until this process is ended."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, answers = io.FileIO(job["asked"]), job["answers"]
    memories = [mmap.mmap(file, size) for file, size in job["segments"]]
    addresses = [ctypes.addressof(ctypes.c_char.from_buffer(memory)) for memory in memories]
    if job["filter"]:
        _give_up(bytes.fromhex(job["filter"]))
    threading.Thread(target=_end_with_parent, daemon=True).start()  # held to the filter, as its thread is
    buffer = ctypes.create_string_buffer(_BUFFER)
    start = ctypes.addressof(buffer)
    arguments = (ctypes.c_void_p * MOST_ARGUMENTS)(*range(start + LAUNCH.size, start + _BUFFER, 8))
    grid, block = start + 16, start + 28
    message, printed = ctypes.create_string_buffer(1024), ctypes.c_char_p()
    kernels = []
    os.write(answers, struct.pack(f"<{len(addresses)}Q", *addresses))
    while size := asked.readinto(buffer):
        number, shared_mem, workers, _ = struct.unpack_from("<4I", buffer)
        failed, told, output = 0, b"", b""
        if number == MEET:
            try:
                kernels.append(_met(*buffer.raw[4:size].decode().split("\0")))
            except LookupError:
                failed = NO_KERNEL
            except OSError as error:
                failed, told = NO_LIBRARY, str(error).encode()
        else:
            library, entry = kernels[number]
            failed = library.__course_run(
                entry, arguments, grid, block, shared_mem, workers, message, len(message)
            )
            told = message.value if failed else b""
            count = library.__course_output(ctypes.byref(printed))
            output = ctypes.string_at(printed, count) if count else b""
        os.write(answers, ANSWER.pack(failed, len(told), len(output)) + told + output)


def _met(path: str, kernel: str) -> tuple[ctypes.CDLL, ctypes.c_void_p]:
    """The library and the kernel's entry. Raises LookupError or OSError."""
    library = ctypes.CDLL(path)
    library.__course_run.argtypes = [
        *[ctypes.c_void_p] * 4, ctypes.c_uint, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t,
    ]  # fmt: skip
    library.__course_output.restype = ctypes.c_size_t
    try:
        return library, ctypes.cast(getattr(library, f"__course_entry_{kernel}"), ctypes.c_void_p)
    except AttributeError:
        raise LookupError(kernel) from None


def _end_with_parent() -> None:
    """The parent holds the other end of this pipe as long as it lives, also while a kernel runs."""
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "--lasting":
        _serve(json.loads(sys.argv[2]))
    else:
        _job(sys.argv[1])
    # The mapped arrays are shared with the parent; nothing is left to tidy, and unmapping would need their
    # views gone.
    sys.stdout.flush()
    os._exit(0)
