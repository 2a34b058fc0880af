"""A student's kernel in a test: compiled and run in a process of its own, through the same course_lib.cuda.

The process that runs the tests reads names and types in the source and never executes any of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.cuda import child, lasting, module
from course_lib.cuda.arguments import Launch
from course_lib.cuda.build import build
from course_lib.cuda.compiler import Compiler, preferred
from course_lib.cuda.errors import CompileError, CourseFault, KernelError
from course_lib.cuda.signature import kernels
from course_lib.errors import UserError
from course_lib.examination.wire import Channel

EXPLAIN = "explain\0"  # before a message that is the runtime's own and that the module puts into words


@dataclass(frozen=True)
class Elsewhere:
    """A library that another process has built: its source, and whether it is instrumented."""

    source: str
    filename: str
    inspected: bool


def run_elsewhere(ask: Callable, shown: Callable[[str], str]) -> None:
    """From now on kernels of this process are built and run by `ask`, which takes and returns plain data.

    `shown` says what of a kernel's prints may be shown.
    """

    def built(source: str, filename: str, compiler: Compiler, inspected: bool = False) -> Elsewhere:
        answer = ask("build", source, filename, inspected)
        if answer[0] != "built":
            raise _error(answer, str)
        return Elsewhere(source, filename, inspected)

    def run(library, launch, seconds: float, inspect: bool = False, explain=str):
        return ran(library, launch, seconds, "inspected" if inspect else "apart", explain)

    def run_lasting(library, launch, seconds: float, explain=str) -> str:
        return ran(library, launch, seconds, "lasting", explain)[0]

    def ran(library: Elsewhere, launch: Launch, seconds: float, how: str, explain):
        values = list(launch.values)
        call = [launch.kernel.name, list(launch.grid), list(launch.block), launch.shared_mem]
        key = library.source, library.filename, library.inspected
        answer = ask("launch", *key, *call, values, _same(values), seconds, how)
        if answer[0] != "launched":
            raise _error(answer, explain)
        _, printed, report, arrays = answer
        for value, new in zip(values, arrays, strict=True):
            if isinstance(value, np.ndarray) and value.flags.writeable:
                if type(new) is not np.ndarray or (new.shape, new.dtype) != (value.shape, value.dtype):
                    raise KernelError("the process that ran the kernel returned other arrays")
                value[...] = new
        return shown(str(printed)), report

    module.build, child.run, lasting.run = built, run, run_lasting
    # What runs kernels sees no memory of this process, so arrays may lie anywhere in it.
    lasting.array, lasting.empty = np.ascontiguousarray, np.empty


def _error(answer: list, explain) -> Exception:
    what, text = answer[0], str(answer[1])
    if what == "refused":
        return CompileError(text, [(int(line), str(said)) for line, said in answer[2]])
    if what == "ours":
        return CourseFault(text)
    if text.startswith(EXPLAIN):
        text = explain(text.removeprefix(EXPLAIN))
    return KernelError(text)


def _same(values: list) -> list[int]:
    """For each value the first place where the same memory stands."""
    seen: dict = {}
    places = []
    for i, value in enumerate(values):
        memory = (value.ctypes.data, value.nbytes) if isinstance(value, np.ndarray) else i
        places.append(seen.setdefault(memory, i))
    return places


def serve(channel: Channel, longest: float) -> None:
    """Build and launch as asked, `longest` seconds per launch at most, until the channel is closed."""
    built: dict[tuple, Path | CompileError] = {}
    while True:
        try:
            what, *details = channel.receive()
        except EOFError:
            return
        try:
            key = tuple(details[:3])
            if key not in built:
                built[key] = _built(*key)
            if isinstance(built[key], CompileError):
                raise built[key].with_traceback(None)
            channel.send("built") if what == "build" else _launch(
                channel, built[key], longest, *key[:1], *details[3:]
            )
        except CompileError as error:
            channel.send("refused", str(error), [list(problem) for problem in error.problems])
        except UserError as error:  # a CourseFault, or no compiler
            channel.send("ours", str(error))
        except Exception as error:
            channel.send("failed", str(error))


def _built(source: str, filename: str, inspected: bool) -> Path | CompileError:
    """The library of a source, or why it is refused: a test with many checks asks as many times."""
    try:
        return build(source, filename, preferred(), inspected)
    except CompileError as error:
        return error


def _explained(text: str) -> str:
    return EXPLAIN + text


def _launch(
    channel, library, longest, source, name, grid, block, shared_mem, values, same, seconds, how
) -> None:
    values = [values[place] for place in same]
    launch = Launch(kernels(source)[name], tuple(grid), tuple(block), tuple(values), shared_mem)
    seconds, report = min(seconds, longest), None
    if how == "lasting":
        printed = lasting.run(library, launch, seconds, _explained)
    else:
        printed, report = child.run(library, launch, seconds, how == "inspected", _explained)
    channel.send("launched", printed, report, values)
