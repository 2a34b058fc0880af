"""The same source on an NVIDIA GPU: NVRTC and launches through CuPy."""

import ctypes
import os
import re
from functools import cache, cached_property

from course_lib.cuda.arguments import Launch, check
from course_lib.cuda.constants import prelude
from course_lib.cuda.errors import CompileError, KernelError
from course_lib.cuda.signature import kernels

_HALF = re.compile(r"\b(__half2?|half2?|__float2half\w*)\b")
_BFLOAT = re.compile(r"\b(__)?nv_bfloat16\w*|\b__float2bfloat16\w*")
# An error of NVRTC: the line, what is wrong, and where it can, the line's text and a caret below it.
_ERROR = re.compile(
    r"^(?P<file>[^\s(]+)\((?P<line>\d+)\): (?:catastrophic )?error: (?P<text>.*)$"
    r"(?P<shown>\n[^\n]*\n[ \t]*\^[ \t]*$)?",
    re.M,
)


@cache
def available() -> bool:
    """Whether CuPy is installed and sees a GPU. Never raises."""
    try:
        # Without NVIDIA's driver there is nothing to see; CuPy takes a fifth of a second to say so.
        ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        import cupy

        return bool(cupy.cuda.is_available())
    except Exception:  # a broken driver or a half-installed CuPy must not stop the host from working
        return False


def device_source(source: str, filename: str) -> str:
    """The source behind what it uses of CUDA's half-precision headers and of C's constants; lines keep their
    numbers.
    """
    lines = [
        f"#include <{name}.h>"
        for name, words in (("cuda_fp16", _HALF), ("cuda_bf16", _BFLOAT))
        if words.search(source)
    ]
    return "\n".join([*lines, *prelude(source), f'#line 1 "{filename}"', source])


def refusal(log: str, filename: str, where: str = "") -> CompileError:
    """NVRTC's log as an error with the source's own lines; `where` follows each sentence."""
    problems, lines = [], []
    for found in _ERROR.finditer(log):
        problems.append((int(found["line"]), found["text"]))
        lines.append(f"{filename}, line {found['line']}: {found['text']}{where}{found['shown'] or ''}")
    return CompileError("\n".join(lines) or log.strip(), problems)


class GpuKernels:
    """The kernels of one source on the current GPU; raises CompileError with NVRTC's own message."""

    def __init__(self, source: str, filename: str):
        import cupy

        self.kernels = kernels(source)
        self._cupy = cupy
        self._functions: dict[str, list] = {}
        self._module = cupy.RawModule(code=device_source(source, filename), options=("--std=c++17",))
        try:
            self._module.compile()
        except cupy.cuda.compiler.CompileException as error:
            raise refusal(str(error), filename) from None

    @cached_property
    def max_shared(self) -> int:
        """Bytes of shared memory that a block of this GPU may ask for."""
        return self._cupy.cuda.Device().attributes["MaxSharedMemoryPerBlockOptin"]

    def launch(self, name: str, grid, block, args, shared_mem: int) -> None:
        """Check and start a kernel on the current stream, as `cupy.RawKernel` would."""
        launch: Launch = check(
            self.kernels[name], grid, block, args, shared_mem, self._cupy.ndarray, self.max_shared
        )
        values = tuple(self._cupy.uint64(0) if value is None else value for value in launch.values)
        try:
            function = self._function(name, launch.shared_mem)
            function(launch.grid, launch.block, values, shared_mem=launch.shared_mem)
        except self._cupy.cuda.driver.CUDADriverError as error:
            raise KernelError(f"kernel {name}: {error}") from None

    def _function(self, name: str, shared_mem: int):
        """The kernel, allowed as much dynamic shared memory; a default of 48 KB counts static arrays too."""
        if name not in self._functions:
            function = self._module.get_function(name)
            self._functions[name] = [function, function.max_dynamic_shared_size_bytes]
        function, allowed = self._functions[name]
        if shared_mem > allowed:
            function.max_dynamic_shared_size_bytes = self._functions[name][1] = shared_mem
        return function
