"""Loading kernels and launching them: one interface, on a GPU or on the host."""

import os
import re
from functools import partial

import numpy as np

from course_lib.cuda import arguments, child, gpu, hints, lasting, runner, waiting
from course_lib.cuda.build import build
from course_lib.cuda.compiler import Compiler, compilers, preferred
from course_lib.cuda.errors import KernelError, NotEnded
from course_lib.cuda.findings import of_the_scheduler
from course_lib.cuda.report import Report, report_of
from course_lib.cuda.rules import check_rules
from course_lib.cuda.signature import kernels
from course_lib.paths import ROOT
from course_lib.seal import unsealed

KERNELS = ROOT / "kernels"
_ALIGNMENT = 16


def available() -> str | None:
    """Where kernels run on this machine: "gpu", "host", or None without a GPU and without a compiler.

    COURSE_DEVICE=host in the environment leaves a GPU alone, as it does for "auto" in `load`.
    """
    if gpu.available() and os.environ.get("COURSE_DEVICE") != "host":
        return "gpu"
    return "host" if compilers() else None


def load(name: str, device: str = "auto") -> "Module":
    """The kernels of `kernels/<name>.cu`. `device` is "auto" (a GPU where there is one), "gpu" or "host".

    COURSE_DEVICE in the environment decides where "auto" is asked. Raises ValueError for an unknown name or
    device, CompileError, and NoCompiler (one line that says what to install).
    """
    path = KERNELS / f"{name}.cu"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        known = ", ".join(sorted(p.stem for p in KERNELS.glob("*.cu")))
        raise ValueError(f"there is no kernel file {name!r}; there are {known}")
    text = path.read_text("utf-8")
    return Module(unsealed(text), path.name, device, shown=text)


def compile(source: str, device: str = "auto", time_limit: float = 10.0, lasting: bool = False) -> "Module":
    """The kernels of a student's source, held to the rules and run in a process of their own on the host.

    That is a process for each launch, or with `lasting` one for all launches of all such modules: a launch
    then costs microseconds, arrays of `module.array` and `module.empty` are the kernel's without a copy, and
    `__device__` variables keep their values as on a GPU. On a GPU, `lasting` changes nothing. Launches that
    take longer than `time_limit` seconds are stopped. Raises as `load` does, and CompileError for what a
    student's source may not contain.
    """
    check_rules(source)
    return Module(source, "kernel.cu", device, time_limit, lasting=lasting)


class Module:
    """Compiled kernels: `module["name"](grid, block, args, shared_mem=0)`, as `cupy.RawKernel` has it.

    Arrays are CuPy's on a GPU and NumPy's on the host; `device` says which. Numbers may be plain Python
    numbers. Reports quote the lines of `shown`, where that is not the source.
    """

    def __init__(self, source: str, filename: str, device: str = "auto", time_limit: float | None = None,
                 compiler: Compiler | None = None, shown: str = "", lasting: bool = False):  # fmt: skip
        self._source, self.filename = source, filename
        self._shown = shown or source
        self.device = _choose(device)
        self.time_limit = time_limit
        self.lasting = lasting and self.device == "host"
        self._compiler = compiler
        self._signatures = kernels(source)
        if self.device == "gpu":
            self._gpu = gpu.GpuKernels(source, filename)
        else:
            self._compiler = compiler or preferred()
            self._library = build(source, filename, self._compiler)

    @property
    def names(self) -> list[str]:
        """The kernels in the order of the source."""
        return list(self._signatures)

    @property
    def max_shared(self) -> int:
        """Bytes of shared memory that a block may ask for; on a GPU, static arrays count, too."""
        return self._gpu.max_shared if self.device == "gpu" else arguments.MAX_SHARED_BYTES

    def line(self, name: str) -> int:
        """Where the kernel `name` stands in the source; KeyError lists the names."""
        return self._signature(name).line

    def __getitem__(self, name: str):
        """The kernel `name`, called with (grid, block, args, shared_mem=0); KeyError lists the names."""
        self._signature(name)
        return partial(self._launch, name)

    def _signature(self, name: str):
        if name not in self._signatures:
            raise KeyError(f"there is no kernel {name!r}; there are {', '.join(self._signatures)}")
        return self._signatures[name]

    def _launch(self, name: str, grid, block, args, shared_mem: int = 0) -> None:
        """Run the kernel (on a GPU: start it). Raises ValueError before, KernelError after."""
        if self.device == "gpu":
            return self._gpu.launch(name, grid, block, args, shared_mem)
        launch = arguments.check(self._signature(name), grid, block, args, shared_mem, np.ndarray)
        if self.time_limit is not None:
            printed, _ = self._run_apart(self._library, launch, self.time_limit, inspect=False)
        else:
            printed = self._run_here(launch)
        if printed:
            print(printed, end="")

    def _run_here(self, launch: arguments.Launch) -> str:
        # A GPU's arrays begin at multiples of 256 bytes; a slice of a NumPy array may not suit a float4.
        cells, moved = [], {}
        for i, value in enumerate(launch.values):
            if isinstance(value, np.ndarray):
                cells.append(arguments.address(value))
                if cells[i] % _ALIGNMENT:
                    moved[i] = _aligned_copy(value)
                    cells[i] = arguments.address(moved[i])
            else:
                cells.append(0 if value is None else value)
        message = launch.kernel.message.pack(
            0, launch.shared_mem, runner.cores(), *launch.grid, *launch.block, *cells
        )
        try:
            ended, message, printed = runner.run(str(self._library), launch.kernel.name, message)
        except LookupError:
            raise _for_a_gpu(launch) from None
        if not ended:
            raise KernelError(self._explain(message))
        for i, copy in moved.items():
            if not launch.kernel.parameters[i].constant:
                launch.values[i][...] = copy
        return printed

    def inspect(self, name: str, grid, block, args, shared_mem: int = 0, time_limit: float = 60.0) -> Report:
        """Run the kernel once on the host, watched, in a process of its own, and report what it did.

        The results are written into the arrays as by a launch. Arrays are NumPy's or CuPy's. Raises
        ValueError for a bad launch, NotEnded when it takes longer than `time_limit` seconds, NoCompiler.
        """
        host = tuple(self.numpy(arg) for arg in args)
        launch = arguments.check(self._signature(name), grid, block, host, shared_mem, np.ndarray)
        library = build(self._source, self.filename, self._compiler or preferred(), inspected=True)
        printed, raw = self._run_apart(library, launch, time_limit, inspect=True)
        for arg, value in zip(args, host, strict=True):
            if arg is not value:
                arg.set(value)
        return report_of(raw | {"printed": printed}, launch, self._shown, self.filename)

    def _run_apart(self, library, launch: arguments.Launch, seconds: float, inspect: bool):
        """In a process of its own; in a notebook's cell, a kernel that does not end is waited for once."""
        waiting.check(self._source, launch.kernel.name, inspect)
        kinds = []

        def explain(message: str) -> str:
            kinds.append(message.partition("|")[0])
            return self._explain(message)

        try:
            if self.lasting and not inspect:
                return lasting.run(library, launch, seconds, explain), None
            return child.run(library, launch, seconds, inspect, explain)
        except LookupError:
            raise _for_a_gpu(launch) from None
        except KernelError as error:
            if child.TIME_OUT not in kinds:
                raise
            waiting.note(self._source, launch.kernel.name, inspect, str(error))
            raise NotEnded(str(error)) from None

    def _explain(self, message: str) -> str:
        """A message of the runtime's or of the child's (kind|line|text) with the lines of the source."""
        kind, line, text = message.split("|", 2)
        if kind == child.TIME_OUT:
            loop = hints.endless_loop(self._shown)
            question = "; is there a loop that never ends, or a wait that nobody answers?"
            return f"{text}: {loop}" if loop else text + question
        return f"{self.filename}, {of_the_scheduler(kind, int(line), text, self._shown)}"

    def array(self, values):
        """The values as a contiguous array that this module's kernels take: CuPy's on a GPU, else NumPy's.

        A lasting module's lies in memory that it shares with the process that runs its kernels.
        """
        if self.device == "gpu":
            import cupy

            return cupy.ascontiguousarray(cupy.asarray(values))
        return lasting.array(values) if self.lasting else np.ascontiguousarray(values)

    def empty(self, shape, dtype="float32"):
        """A new array as of `array`, its values arbitrary. Its memory is free once it and its views are gone.

        Raises CourseFault where a lasting module has no room for it.
        """
        if self.device == "gpu":
            import cupy

            return cupy.empty(shape, dtype)
        return lasting.empty(shape, dtype) if self.lasting else np.empty(shape, dtype)

    @staticmethod
    def numpy(array) -> np.ndarray:
        """The array as NumPy's, wherever it lies."""
        return array.get() if hasattr(array, "get") else array


def _for_a_gpu(launch: arguments.Launch) -> ValueError:
    return ValueError(f"kernel {launch.kernel.name} is for a GPU only; this module runs on the host")


def _aligned_copy(array: np.ndarray) -> np.ndarray:
    room = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _choose(device: str) -> str:
    if device == "auto":
        device = os.environ.get("COURSE_DEVICE") or ("gpu" if gpu.available() else "host")
    if device not in ("gpu", "host"):
        raise ValueError(f'device is "auto", "gpu" or "host", got {device!r}')
    if device == "gpu" and not gpu.available():
        raise ValueError('there is no GPU here that CuPy can use; pass device="host"')
    return device
