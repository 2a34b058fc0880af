"""Compiles a source with NVIDIA's own compiler, no GPU needed: host-only C++ is refused here.

Needs cuda-bindings, nvidia-cuda-nvrtc and nvidia-cuda-runtime (the extras [gpu] and [test]).
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

from course_lib.cuda.gpu import device_source, refusal

# Turing to consumer Blackwell: what the compiler knows of these is checked.
ARCHITECTURES = (75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120)
_ENTRY = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)'.*?(?P<stores>\d+) bytes spill stores, "
    r"(?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.S,
)


@dataclass(frozen=True)
class Resources:
    """One kernel on one architecture: registers per thread, static shared bytes per block, bytes spilled."""

    kernel: str
    architecture: int
    registers: int
    shared: int
    spilled: int


@cache
def available() -> bool:
    """Whether NVRTC can be loaded. Never raises."""
    try:
        _nvrtc().nvrtcVersion()
    except Exception:  # a missing package and a missing library look alike to a caller
        return False
    return True


def _nvrtc():
    from cuda.bindings import nvrtc

    return nvrtc


@cache
def architectures() -> tuple[int, ...]:
    """Those of ARCHITECTURES that the installed NVRTC compiles for."""
    nvrtc = _nvrtc()
    _, count = nvrtc.nvrtcGetNumSupportedArchs()
    supported = nvrtc.nvrtcGetSupportedArchs()[1] if count else []
    return tuple(sm for sm in ARCHITECTURES if sm in supported)


@cache
def _include() -> str | None:
    """The folder of CUDA's own headers (cuda_fp16.h), from the package that brings them."""
    try:
        files = metadata.files("nvidia-cuda-runtime") or []
    except metadata.PackageNotFoundError:
        files = []
    found = next((file for file in files if file.name == "cuda_fp16.h"), None)
    if found is not None:
        return str(Path(found.locate()).parent)
    spec = util.find_spec("nvidia")
    roots = spec.submodule_search_locations if spec else []
    return next((str(p.parent) for root in roots for p in Path(root).rglob("cuda_fp16.h")), None)


def check(
    source: str,
    filename: str = "kernel.cu",
    architectures_wanted: tuple[int, ...] | None = None,
    optimized: bool = True,
) -> list[Resources]:
    """What each kernel takes on each architecture; `architectures_wanted` narrows the list.

    Not optimized, the same is refused in a third of the time, and the numbers are of code that nobody runs.
    Raises CompileError with the source's lines for what NVRTC refuses, ImportError when NVRTC is not
    installed.
    """
    found = []
    for architecture in architectures_wanted or architectures():
        found += _compile(device_source(source, filename), filename, architecture, optimized)
    return found


def _compile(source: str, filename: str, architecture: int, optimized: bool) -> list[Resources]:
    nvrtc = _nvrtc()
    _, program = nvrtc.nvrtcCreateProgram(source.encode(), filename.encode(), 0, [], [])
    options = [f"--gpu-architecture=sm_{architecture}", "--std=c++17", "--ptxas-options=-v"]
    options += [f"--include-path={_include()}"] if _include() else []
    options += [] if optimized else ["--Ofast-compile=max"]
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [option.encode() for option in options])
    _, size = nvrtc.nvrtcGetProgramLogSize(program)
    log = b" " * size
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(program)
    log = log.decode(errors="replace").replace("\0", "")
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise refusal(log, filename, f" (NVRTC, sm_{architecture})")
    return [
        Resources(
            m["kernel"], architecture, int(m["registers"]),
            int(smem[1]) if (smem := re.search(r"(\d+) bytes smem", m["rest"])) else 0,
            int(m["stores"]) + int(m["loads"]),
        )
        for m in _ENTRY.finditer(log)
    ]  # fmt: skip
