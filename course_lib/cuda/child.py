"""Runs a kernel in a process of its own: a crash or an endless loop becomes a message, strays hit nobody.

The arrays travel through one mapped file. Each has unused room on both sides, so that an access past an end
is seen (by the inspector) or harmless, and results come back only from a run that ended well.
"""

import json
import marshal
import mmap
import os
import platform
import signal
import struct
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.call_filter import NoFilter
from course_lib.cuda import device_calls, runner
from course_lib.cuda.arguments import Launch, address
from course_lib.cuda.errors import CourseFault, KernelError
from course_lib.cuda.plausible import check_report

_ALIGNMENT = 512
SLACK = 64 * 1024
_STRAY = (
    "touched memory outside of every array; look at the indices (module.inspect names line and thread), and "
    "whether a function calls itself without end"
)
TIME_OUT = "time-out"  # the kind of a message to `explain`, beside those of host/runtime.cpp
_SIGNALS = {
    signal.SIGSEGV: _STRAY,
    signal.SIGBUS: _STRAY,
    signal.SIGILL: "executed an instruction that this processor does not know",
    signal.SIGFPE: "divided an integer by zero, or the smallest integer by -1",
    signal.SIGABRT: "was aborted",
}


def run(
    library: Path, launch: Launch, seconds: float, inspect: bool = False, explain=str
) -> tuple[str, dict | None]:
    """Run `launch` in a child for at most `seconds` and write its results into the launch's arrays.

    Returns what it printed and, with `inspect`, the inspector's findings as a dict. Raises KernelError (its
    message made by `explain` from the runtime's) or, where the machine cannot run it, CourseFault, and leaves
    the arrays as they were.
    """
    try:
        return _run(library, launch, seconds, inspect, explain)
    except OSError as error:
        raise machine(launch, str(error)) from None


def machine(launch: Launch, why: str) -> CourseFault:
    """What to raise where the machine has failed, for the reason `why`."""
    return CourseFault(
        f"this machine could not run kernel {launch.kernel.name} ({why}), which is no fault of the kernel"
    )


def _run(library: Path, launch: Launch, seconds: float, inspect: bool, explain) -> tuple[str, dict | None]:
    with tempfile.TemporaryDirectory(
        prefix="course_run_", dir="/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    ) as folder:
        files = {name: Path(folder, name) for name in ("job", "arrays", "answer", "report")}
        values, places, size = _layout(launch)
        job = {
            "library": str(library),
            "kernel": launch.kernel.name,
            "grid": launch.grid,
            "block": launch.block,
            "shared_mem": launch.shared_mem,
            "workers": 1 if inspect else runner.cores(),
            "values": values,
            "seconds": seconds,
            "arrays": str(files["arrays"]),
            "answer": str(files["answer"]),
            "report": str(files["report"]) if inspect else None,
            "filter": call_filter(),
        }
        files["job"].write_bytes(marshal.dumps(job))
        # Opened here, too: the child takes the names away, so that nothing stays if this process is killed.
        with (
            open(files["answer"], "w+b") as answered,
            open(files["report"], "w+b") as reported,
            open(files["arrays"], "w+b") as arrays,
        ):
            arrays.truncate(size)
            with mmap.mmap(arrays.fileno(), size) as memory:
                for offset, array in places.values():
                    memory[offset : offset + array.nbytes] = array.tobytes()
                ending = _wait(files["job"], launch, seconds, explain)
                found, answer = _said(reported.read()), _answered(answered.read())
                if answer is None:
                    if found is not None:
                        return "", found | {"ended": False}
                    raise KernelError(f"kernel {launch.kernel.name} {ending}")
                if not answer["ended"] and found is None:
                    raise KernelError(explain(answer["message"]))
                if found is not None:
                    check_report(found, launch, places, memory)
                _collect(launch, places, memory)
    return answer["printed"], None if found is None else found | answer


@cache
def call_filter() -> bytes:
    """What keeps the child from all but computing; nothing where no such filter is known."""
    try:
        return device_calls.program(platform.machine()) if sys.platform == "linux" else b""
    except NoFilter:
        return b""


def _said(written: bytes) -> dict | None:
    """The report that the child has written, if any. Raises KernelError when it is cut or no JSON."""
    if not written:
        return None
    try:
        return json.loads(written)
    except ValueError as error:
        raise _cut(error) from None


def _answered(written: bytes) -> dict | None:
    """How the launch has ended, as the child has written it; None and errors are those of `_said`."""
    if not written:
        return None
    try:
        failed, told, printed = runner.ANSWER.unpack_from(written)
        if len(written) != runner.ANSWER.size + told + printed:
            raise struct.error("of another length than it says")
    except struct.error as error:
        raise _cut(error) from None
    text = written[runner.ANSWER.size :]
    message, printed = (part.decode(errors="replace") for part in (text[:told], text[told:]))
    return {"ended": not failed, "message": message, "printed": printed}


def _cut(error: Exception) -> KernelError:
    return KernelError(f"the process that ran the kernel ended while it reported ({error})")


def _layout(launch: Launch) -> tuple[list[dict], dict[int, tuple[int, np.ndarray]], int]:
    """Where each array lies in the file. Two arguments that are the same memory stay the same memory."""
    values, places, end = [], {}, SLACK
    for parameter, value in zip(launch.kernel.parameters, launch.values, strict=True):
        if value is None:
            values.append({})
        elif not parameter.pointer:
            values.append({"bytes": value.tobytes()})
        else:
            # Nothing of an empty array is kept, whoever's memory it points into.
            offset = place(launch, parameter.name, value, places, end) if value.nbytes else end
            if offset == end:
                end += with_slack(value.nbytes)
            values.append(
                {
                    "offset": offset,
                    "size": value.nbytes,
                    "name": parameter.name,
                    "itemsize": value.itemsize,
                    "slack": SLACK,
                }
            )
    return values, places, end


def with_slack(nbytes: int) -> int:
    """Bytes that an array takes, with more behind larger ones: a row or a block too far still lands there."""
    slack = max(SLACK, min(nbytes, 1 << 20) // _ALIGNMENT * _ALIGNMENT)
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT + slack


def place(launch: Launch, name: str, value: np.ndarray, places: dict, end: int) -> int:
    """The offset of an array's memory: where it lies already, or `end`, which is then its place."""
    begins = address(value)
    if begins in places and places[begins][1].nbytes == value.nbytes:
        return places[begins][0]
    for other, (_, array) in places.items():
        if begins < other + array.nbytes and other < begins + value.nbytes:
            raise ValueError(
                f"kernel {launch.kernel.name}: argument {name} overlaps another array; pass whole arrays"
            )
    places[begins] = end, value
    return end


def _wait(job: Path, launch: Launch, seconds: float, explain) -> str:
    """Run the child; how it ended, as the rest of a sentence that begins with the kernel's name.

    Raises KernelError when it was stopped, and CourseFault when the program around the kernel has failed.
    """
    child = subprocess.Popen(
        runner.command(str(job)),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        _, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise stopped(launch, seconds, explain) from None
    except BaseException:
        child.kill()
        child.communicate()
        raise
    return ending(launch, child.returncode, errors)


def ending(launch: Launch, status: int, errors: bytes) -> str:
    """How a child has ended, as the rest of a sentence that begins with the kernel's name.

    Raises CourseFault when the program around the kernel has failed.
    """
    if status < 0:
        return _SIGNALS.get(-status, f"was ended by signal {-status}")
    if status:
        told = errors.decode(errors="replace").strip().splitlines() or [f"status {status}"]
        raise machine(launch, told[-1])
    return "ended without a word"


def stopped(launch: Launch, seconds: float, explain) -> KernelError:
    """What to raise of a launch that has taken longer than it may."""
    said = f"kernel {launch.kernel.name} did not end within {seconds:g} s and was stopped"
    return KernelError(explain(f"{TIME_OUT}|0|{said}"))


def _collect(launch: Launch, places: dict[int, tuple[int, np.ndarray]], memory: mmap.mmap) -> None:
    for begins in outputs(launch, places):
        offset, array = places[begins]
        flat = np.frombuffer(memory[offset : offset + array.nbytes], dtype=array.dtype)
        array[...] = flat.reshape(array.shape)


def outputs(launch: Launch, places: dict[int, tuple[int, np.ndarray]]) -> list[int]:
    """Of the arrays in `places`, those that the kernel may have written."""
    written = {
        address(value)
        for parameter, value in zip(launch.kernel.parameters, launch.values, strict=True)
        if parameter.pointer and value is not None and not parameter.constant
    }
    return [begins for begins in places if begins in written]
