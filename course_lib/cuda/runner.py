"""Runs one kernel of a compiled library. Standard library only: a child process is this file and one more.

As a program (see `command`) it is given JOB, a file of marshal's, and the arrays lie in a file that both
processes map. After the word --lasting it is given JOB too, and runs what is asked of it until its input
ends.

A launch is a process: what is imported here is paid each time. json, pathlib, threading and contextlib would
take as long as Python's own start, so that their work is done in other words.
"""

import _thread
import ctypes
import io
import marshal
import mmap
import os
import struct
import sys

# A launch: number of the kernel, bytes of shared memory, workers, grid, block, nothing; then 8 bytes for
# each argument. It is less than 4096 bytes, so that it comes in one piece.
LAUNCH, MOST_ARGUMENTS = struct.Struct("<9I4x"), 500
# What asks for a kernel, instead of its number: the paths of library and kernel follow.
MEET = 0xFFFFFFFF
# An answer: whether it has failed (NO_KERNEL and NO_LIBRARY where it met none), and the bytes of the message
# and of what the kernel has printed, which follow.
ANSWER = struct.Struct("<3I")
NO_KERNEL, NO_LIBRARY = 1, 2
MOST_TOLD = (1 << 20) + 4096  # bytes in `output` of host/runtime.cpp, and a message

# As a program of its own this file would be compiled for each launch; imported, it has been already. Where it
# lies comes last: nothing beside it is taken for a module of Python's own.
FOLDER = os.path.dirname(os.path.abspath(__file__))
_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); import runner; runner.main(*sys.argv[1:])"


def command(*arguments: str) -> list[str]:
    """What runs this file as a process of its own, with these arguments."""
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, FOLDER, *arguments]


class Launcher:
    """Starts the kernel of the message that lies in `buffer`: one launch at a time."""

    def __init__(self):
        self.buffer = ctypes.create_string_buffer(LAUNCH.size + 8 * MOST_ARGUMENTS)
        start = ctypes.addressof(self.buffer)
        self._grid, self._block, first = start + 12, start + 24, start + LAUNCH.size
        self._arguments = (ctypes.c_void_p * MOST_ARGUMENTS)(*range(first, first + 8 * MOST_ARGUMENTS, 8))
        self._message, self._printed = ctypes.create_string_buffer(1024), ctypes.c_char_p()

    def launch(self, run, output, entry: ctypes.c_void_p) -> tuple[int, bytes, bytes]:
        """Run what `met` has found: whether it has failed, with which message, and what was printed."""
        _, shared_mem, workers = struct.unpack_from("<3I", self.buffer)
        message = self._message
        failed = run(
            entry, self._arguments, self._grid, self._block, shared_mem, workers, message, len(message)
        )
        size = output(ctypes.byref(self._printed))
        printed = ctypes.string_at(self._printed, size) if size else b""
        return failed, message.value if failed else b"", printed


def met(path: str, kernel: str) -> tuple:
    """The functions of the library at `path` that run a kernel and say what it has printed, and its entry.

    Raises LookupError when the host has no such kernel.
    """
    library = ctypes.CDLL(path)
    run, output = library.__course_run, library.__course_output
    run.argtypes = [
        *[ctypes.c_void_p] * 4, ctypes.c_uint, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t,
    ]  # fmt: skip
    output.restype = ctypes.c_size_t
    try:
        return run, output, ctypes.cast(getattr(library, f"__course_entry_{kernel}"), ctypes.c_void_p)
    except AttributeError:
        raise LookupError(kernel) from None


_here: dict[tuple[str, str], tuple] = {}
_launchers: dict[str, tuple[Launcher, _thread.LockType]] = {}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(path: str, kernel: str, message: bytes) -> tuple[bool, str, str]:
    """Launch `kernel` of the library at `path` in this process, with what `message` says (see LAUNCH).

    Returns (ended well, message, what the kernel printed). Raises LookupError as `met` does.
    """
    known = _here.get((path, kernel))
    if known is None:
        known = _here.setdefault((path, kernel), met(path, kernel))
    launcher, lock = _launchers.get(path) or _launchers.setdefault(
        path, (Launcher(), _thread.allocate_lock())
    )
    with lock:
        ctypes.memmove(launcher.buffer, message, len(message))
        failed, told, printed = launcher.launch(*known)
    return not failed, told.decode(errors="replace"), printed.decode(errors="replace")


def _limit(seconds: float | None = None) -> None:
    """No core file. The parent stops this process after `seconds`; this holds when the parent is gone."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if seconds is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds * cores()) + 2, int(seconds * cores()) + 4))
    except (ImportError, ValueError, OSError):  # not every system has such limits
        return


def _give_up(filter_of_calls: bytes) -> None:
    """From now on the process can do little but compute. A Linux without such filters lets it go on."""
    # Python was started with -I and finds nothing of the course otherwise.
    sys.path.insert(0, os.path.dirname(os.path.dirname(FOLDER)))
    from course_lib import call_filter

    ctypes.CDLL(None).prctl(call_filter.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    try:
        call_filter.install(filter_of_calls)
    except call_filter.NoFilter:
        return


def _forget(folder: str) -> None:
    """Take the names of opened files away: the system takes back what has none with the last who uses it."""
    try:
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)
    except OSError:  # Windows keeps the names of what is open; the parent removes them
        return


def _job(path: str) -> None:
    with open(path, "rb") as file:
        job = marshal.load(file)
    _limit(job["seconds"])
    # What is written at the end is opened now: a kernel's code may be in this process by then.
    answer = open(job["answer"], "wb")  # noqa: SIM115
    report = os.open(job["report"], os.O_WRONLY | os.O_CREAT, 0o600) if job["report"] else -1
    with open(job["arrays"], "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    _forget(os.path.dirname(path))
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    if job["filter"]:
        _give_up(job["filter"])
    cells, arrays = [], []
    for value in job["values"]:
        if "bytes" in value:
            cells.append(value["bytes"].ljust(8, b"\0"))
        elif "offset" in value:
            cells.append(struct.pack("<Q", start + value["offset"]))
            arrays.append(
                (value["name"], start + value["offset"], value["size"], value["itemsize"], value["slack"])
            )
        else:
            cells.append(bytes(8))
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
    head = LAUNCH.pack(0, job["shared_mem"], job["workers"], *job["grid"], *job["block"])
    ended, *texts = run(job["library"], job["kernel"], head + b"".join(cells))
    if job["report"]:
        library.__course_inspect_end()
    told, printed = (text.encode() for text in texts)
    with answer:
        answer.write(ANSWER.pack(not ended, len(told), len(printed)) + told + printed)


def _serve(job: dict) -> None:
    """Launch what is asked for on a socket and answer on a pipe, until this process is ended."""
    _limit()
    asked, answers = io.FileIO(job["asked"]), job["answers"]
    memories = [mmap.mmap(file, size) for file, size in job["segments"]]
    addresses = [ctypes.addressof(ctypes.c_char.from_buffer(memory)) for memory in memories]
    if job["filter"]:
        _give_up(bytes.fromhex(job["filter"]))
    _thread.start_new_thread(_end_with_parent, ())  # held to the filter, as its thread is
    launcher, kernels = Launcher(), []
    os.write(answers, struct.pack(f"<{len(addresses)}Q", *addresses))
    while size := asked.readinto(launcher.buffer):
        number, told, printed = int.from_bytes(launcher.buffer[:4], "little"), b"", b""
        if number != MEET:
            failed, told, printed = launcher.launch(*kernels[number])
        else:
            try:
                kernels.append(met(*launcher.buffer[4:size].decode().split("\0")))
                failed = 0
            except LookupError:
                failed = NO_KERNEL
            except OSError as error:
                failed, told = NO_LIBRARY, str(error).encode()
        os.write(answers, ANSWER.pack(failed, len(told), len(printed)) + told + printed)


def _end_with_parent() -> None:
    """The parent holds the other end of this pipe as long as it lives, also while a kernel runs."""
    os.read(0, 1)
    os._exit(0)


def main(first: str, *rest: str) -> None:
    """Do the job, or serve as long as anybody asks; nothing comes after it in this process."""
    if first == "--lasting":
        import json

        _serve(json.loads(*rest))
    else:
        _job(first)
    # The mapped arrays are shared with the parent; nothing is left to tidy, and unmapping would need their
    # views gone.
    sys.stdout.flush()
    os._exit(0)
