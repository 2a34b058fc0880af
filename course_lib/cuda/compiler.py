"""The C++ compilers of this machine, and the flags each needs."""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.cuda.errors import NoCompiler

# The source reads the same everywhere: no headers, no aliasing surprises, arithmetic that may not trap.
_COMMON = [
    *("-std=c++17", "-fPIC", "-fvisibility=hidden", "-pthread"),
    *(
        "-fno-strict-aliasing",
        "-fno-exceptions",
        "-fno-rtti",
        "-fno-stack-protector",
        "-fno-threadsafe-statics",
    ),
    *("-fno-math-errno", "-fno-trapping-math", "-fwrapv"),
]
# A thread's stack has 64 KB (kStackBytes in host/runtime.h); what calls need besides is small.
MOST_FRAME_BYTES = 56 * 1024
_FRAME = {
    "g++": [f"-Werror=frame-larger-than={MOST_FRAME_BYTES}"],
    "clang++": [f"-Wframe-larger-than={MOST_FRAME_BYTES}", "-Werror=frame-larger-than"],
}
_KERNEL = ["-nostdinc", "-nostdinc++", "-ffp-contract=fast", "-Werror=vla", "-x", "c++"]
_INSPECTED = ["-O1", "-g1", "-fsanitize=thread", "-fno-optimize-sibling-calls", "-D__COURSE_INSPECT"]
# The kernel shares its process with the inspector. Frames that can be followed, stacks that are never left
# unseen and no jumps through tables let the inspector stop it before it writes where it may not; accesses to
# local variables, of which the inspector is not told, are checked where they stand.
_CONTAINED = ["-fno-omit-frame-pointer", "-fstack-clash-protection", "-fno-jump-tables"]
_CONTAINED_BY = {
    "g++": ["-fsanitize=object-size", "-fsanitize-undefined-trap-on-error"],
    # Copies of structs stay calls, which sites.py turns into the inspector's.
    "clang++": ["-fsanitize=local-bounds", *(f"-fno-builtin-mem{name}" for name in ("cpy", "move", "set"))],
}
# One call for each access, in the order of the source: nothing vectorized, unrolled, merged or moved,
# so that all compilers count alike.
_LLVM = [
    *("tsan-instrument-read-before-write=1", "tsan-instrument-func-entry-exit=0", "disable-block-placement"),
    *("simplifycfg-sink-common=false", "simplifycfg-hoist-common=false", "enable-tail-merge=false"),
]
_INSPECTED_BY = {
    "g++": [
        "--param=tsan-instrument-func-entry-exit=0",
        # Nor a load moved behind a condition on what it is used for.
        *("-fno-reorder-blocks", "-fno-if-conversion", "-fno-if-conversion2", "-fno-tree-sink"),
    ],
    "clang++": [
        *("-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops"),
        *(part for option in _LLVM for part in ("-mllvm", f"-{option}")),
    ],
}


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler: family ("g++" or "clang++"), the command that runs it, and its version in words."""

    family: str
    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "ziglang" if "ziglang" in self.command else self.family

    @property
    def version(self) -> str:
        """The first line of the compiler's own answer to --version."""
        answer = subprocess.run([*self.command, "--version"], capture_output=True, text=True)
        return answer.stdout.partition("\n")[0] or f"{self.name} does not answer"

    @property
    def identity(self) -> str:
        """Changes with the compiler and with the processor that the code is made for; costs no process."""
        binary = Path(shutil.which(self.command[0]) or self.command[0]).resolve()
        stat = binary.stat()
        return f"{self.command}|{binary}|{stat.st_size}|{stat.st_mtime_ns}|{_processor()}"

    def kernel_flags(self, inspected: bool) -> list[str]:
        """Flags for a kernel's source, plain or with its memory accesses instrumented."""
        zig = ["-fno-sanitize=undefined"] if self.name == "ziglang" else []
        watched = [*_INSPECTED, *_INSPECTED_BY[self.family], *_CONTAINED, *_CONTAINED_BY[self.family]]
        # A first value computed through a null pointer must not pass for a constant: it is refused.
        mode = watched if inspected else ["-O3", "-fno-delete-null-pointer-checks"]
        return [*_COMMON, *_KERNEL, *_FRAME[self.family], *_native(), *zig, *mode]

    def runtime_flags(self, inspected: bool) -> list[str]:
        """Flags for the runtime's own source files."""
        zig = ["-fno-sanitize=undefined"] if self.name == "ziglang" else []
        return [
            *_COMMON,
            *_native(),
            "-O3" if inspected else "-O2",
            *zig,
            *(["-D__COURSE_INSPECT", "-fno-omit-frame-pointer"] if inspected else []),
        ]

    @property
    def link_flags(self) -> list[str]:
        """Flags that make a shared library without needing the C++ library at run time."""
        return [
            "-shared",
            "-pthread",
            *(["-Wl,--as-needed", "-Wl,-z,defs"] if sys.platform == "linux" else []),
        ]


def _native() -> list[str]:
    """Code for this processor. There long double is double, as in device code: on x86 it has 10 bytes, and of
    their accesses the inspector would not be told.
    """
    if platform.machine() in ("arm64", "aarch64"):
        return ["-mcpu=native"]
    return ["-march=native", "-mlong-double-64"]


@cache
def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            text = "".join(
                line
                for line in file.read(4096).splitlines(True)
                if line.startswith(("model name", "flags", "Features"))
            )
    except OSError:
        text = platform.processor()
    return platform.machine() + hashlib.sha256(text.encode()).hexdigest()[:16]


def compilers() -> list[Compiler]:
    """All C++ compilers found, the preferred first: g++, clang++, then ziglang where it is installed.

    The environment variable COURSE_COMPILER (g++, clang++ or ziglang) leaves only that one.
    """
    found = [Compiler(name, (path,)) for name in ("g++", "clang++") if (path := shutil.which(name))]
    if importlib.util.find_spec("ziglang") is not None:
        found.append(Compiler("clang++", (sys.executable, "-m", "ziglang", "c++")))
    if sys.platform == "darwin":  # there g++ is Apple's clang under another name
        found = [compiler for compiler in found if compiler.family != "g++"]
    wanted = os.environ.get("COURSE_COMPILER")
    return [compiler for compiler in found if wanted in (None, "", compiler.name)]


def preferred() -> Compiler:
    """The compiler that host kernels are built with. Raises NoCompiler with the line that would bring one."""
    found = compilers()
    if not found:
        raise NoCompiler(
            "running kernels without a GPU needs a C++ compiler: install g++ (Debian and Ubuntu: sudo "
            "apt install g++; "
            "macOS: xcode-select --install), or pip install ziglang (411 MB, no administrator needed)"
        )
    return found[0]
