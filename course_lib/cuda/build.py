"""Compiles a kernel for the host, once: the cache's file names are hashes of all that matters."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from course_lib.cuda.cache import cache_folder, is_whole
from course_lib.cuda.compiler import MOST_FRAME_BYTES, Compiler
from course_lib.cuda.errors import CompileError, CourseFault
from course_lib.cuda.sites import label_calls
from course_lib.cuda.symbols import early, foreign, replaced
from course_lib.cuda.translate import host_source

HOST = Path(__file__).parent / "host"
_RUNTIME = ("runtime.cpp",)
_INSPECTOR = ("runtime.cpp", "inspector.cpp", "notes.cpp", "report.cpp")
_DIAGNOSTIC = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)? (?:fatal )?error: (?P<text>.*)$", re.M
)

_SMALLEST = 'extern "C" __global__ void k(int* x) { x[0] = 1; }'
_NO_ROOM = re.compile(
    r"No space left on device|file system is full|File size limit exceeded|[Oo]ut of memory|memory exhausted"
    r"|Cannot allocate memory|bad_alloc|Killed|relocation truncated"
)


def build(source: str, filename: str, compiler: Compiler, inspected: bool = False) -> Path:
    """The shared library of a source for this compiler, from the cache or freshly compiled.

    Safe when several processes build the same source: each works in a folder of its own and moves the
    finished file into place. Raises CompileError with the source's own lines, and CourseFault where the
    machine has no room for it, or the course takes the source plain and cannot take it inspected.
    """
    try:
        return _build(source, filename, compiler, inspected)
    except (OSError, _NoRoom) as error:
        if isinstance(error, _NoRoom) and _has_room(compiler, inspected):
            raise CompileError(
                f"there is no room for what this source becomes ({error}): is an array or a template far too "
                "large?"
            ) from None
        raise CourseFault(
            f"this machine has no place for a compiled kernel ({error}); free some space, or set "
            "COURSE_CACHE to a folder that can be written"
        ) from None


class _NoRoom(Exception):
    """A compiler, assembler or linker has come to the end of a disk, of memory or of what it can address."""


def _has_room(compiler: Compiler, inspected: bool) -> bool:
    """Whether a kernel of one line can be compiled here and now."""
    translated = host_source(_SMALLEST, "small.cu")
    try:
        shutil.rmtree(_compile_kernel(_SMALLEST, translated, "small.cu", compiler, inspected).parent)
    except (OSError, _NoRoom, CompileError, CourseFault):
        return False
    return True


def _build(source: str, filename: str, compiler: Compiler, inspected: bool) -> Path:
    translated = host_source(source, filename)
    flags = compiler.kernel_flags(inspected)
    key = _digest(translated, _host_files(), compiler.identity, repr(flags), repr(compiler.link_flags))
    library = cache_folder() / f"{key}.so"
    if is_whole(library):
        return library
    with ThreadPoolExecutor(1) as pool:
        compiled = pool.submit(runtime, compiler, inspected)
        objects = _compile_kernel(source, translated, filename, compiler, inspected)
        try:
            host = compiled.result()
            _hold_to_device_code(source, filename, objects, host)
            _into_cache(library, [*compiler.command, *compiler.link_flags, str(objects), *map(str, host)])
        finally:
            shutil.rmtree(objects.parent)
    return library


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def _host_files() -> str:
    return "".join(f"{path.name}\n{path.read_text()}" for path in sorted(HOST.rglob("*.*")) if path.is_file())


def _into_cache(target: Path, command: list[str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(suffix=target.suffix, dir=target.parent)
    os.close(handle)
    try:
        run = subprocess.run([*command, "-o", temporary], capture_output=True, text=True)
        if run.returncode:
            raise _failed(command[0], run.stderr)
        os.chmod(temporary, 0o755)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def runtime(compiler: Compiler, inspected: bool) -> list[Path]:
    """The runtime's object files: compiled once per compiler and mode, not once per kernel."""
    flags, objects = compiler.runtime_flags(inspected), []
    for name in _INSPECTOR if inspected else _RUNTIME:
        target = cache_folder() / f"{_digest(name, _host_files(), compiler.identity, repr(flags))}.o"
        if not is_whole(target):
            _into_cache(target, [*compiler.command, *flags, "-c", str(HOST / name)])
        objects.append(target)
    return objects


def _compile_kernel(source: str, translated: str, filename: str, compiler: Compiler, inspected: bool) -> Path:
    """The kernel's object file in a temporary folder, which the caller removes."""
    folder = Path(tempfile.mkdtemp(prefix="course_kernel_"))
    try:
        (folder / "kernel.cpp").write_text(translated)
        flags = [
            *compiler.kernel_flags(inspected),
            "-I",
            str(HOST / "include"),
            "-include",
            str(HOST / "cuda.h"),
        ]
        assembly, target = folder / "kernel.s", folder / "kernel.o"
        first = (
            ["-S", str(folder / "kernel.cpp"), "-o", str(assembly)]
            if inspected
            else ["-c", str(folder / "kernel.cpp"), "-o", str(target)]
        )
        run = subprocess.run(
            [*compiler.command, *flags, *first],
            capture_output=True,
            text=True,
            env=os.environ | {"LC_ALL": "C"},
        )
        if run.returncode:
            refused = _explained(source, filename, run.stderr)
            if inspected:
                _build(source, filename, compiler, inspected=False)  # what it refuses, too, is the source's
                raise _cannot_inspect(refused)
            raise refused
        if inspected:
            assembly.write_text(label_calls(assembly.read_text(), filename, compiler.family == "clang++"))
            run = subprocess.run(
                [*compiler.command, "-c", str(assembly), "-o", str(target)], capture_output=True, text=True
            )
            if run.returncode:
                raise _failed("the assembler", run.stderr)
        return target
    except BaseException:
        shutil.rmtree(folder)
        raise


def _hold_to_device_code(source: str, filename: str, objects: Path, host: list[Path]) -> None:
    """Raises CompileError for functions that are declared in a source, or reached otherwise, and no device
    code, for names that the runtime uses, and for code that would run while the library is loaded.
    """
    problems = [
        (_line_of(source, name), f"{name} is no function of device code, and it is not defined here")
        for name in foreign(objects)
    ]
    problems += [
        (_line_of(source, name), f"the name {name} belongs to the host; choose another")
        for name in replaced(objects, host)
    ]
    if early(objects):
        problems.append((1, "a variable outside of functions would be computed when the file is loaded"))
    if problems:
        text = "\n".join(f"{filename}, line {line}: {what}" for line, what in problems)
        raise CompileError(text, problems)


def _line_of(source: str, name: str) -> int:
    place = re.search(rf"\b{re.escape(name)}\b", source)
    return source.count("\n", 0, place.start()) + 1 if place else 1


_HINTS = {
    r"'(u(?:char|short|int|long))'": "CUDA without headers has no {0}: write the type out, with unsigned",
    r"'std'": "device code has no C++ standard library here",
    r"\b(?:uint3|dim3)\b": "threadIdx, blockIdx, blockDim and gridDim have parts: write .x",
    # NVRTC refuses them, too.
    r"call (?:of overloaded|to) '(exp|log|sqrt|cbrt|sin|cos|tan|tanh|erf|pow|fmod|fmax|fmin|floor|ceil|fabs)"
    r"\b.*ambiguous": "write {0}f((float)...): a whole number is neither float nor double",
}


_FRAME = re.compile(r"frame size (?:of )?\(?(\d+)")


def _explained(source: str, filename: str, output: str) -> CompileError:
    """The compiler's errors, each with the student's line and the place underlined."""
    lines, problems, shown = source.splitlines(), [], []
    for match in _DIAGNOSTIC.finditer(output):
        if Path(match["file"]).name != filename:
            continue
        line, text = int(match["line"]), re.sub(r"[‘’]", "'", match["text"])
        for pattern, hint in _HINTS.items():
            if found := re.search(pattern, text):
                text += f" ({hint.format(found.group(1) if found.groups() else '')})"
        if found := _FRAME.search(text):
            text = (
                f"a thread's local arrays take {int(found[1]):,} bytes; the host runtime has room for "
                f"{MOST_FRAME_BYTES:,} (a GPU has more)"
            )
            if any(text == known for _, known in problems):
                continue  # of the function that calls the kernel
        problems.append((line, text))
        shown.append(f"{filename}, line {line}: {text}")
        if 0 < line <= len(lines):
            shown.append(f"    {lines[line - 1]}")
            if match["column"] and int(match["column"]) <= len(lines[line - 1]) + 1:
                shown.append(
                    "    " + re.sub(r"[^\t]", " ", lines[line - 1][: int(match["column"]) - 1]) + "^"
                )
    if not shown:
        raise _failed("the compiler", output)
    return CompileError("\n".join(shown), problems)


def _failed(program: str, output: str) -> Exception:
    """What to raise when a program has failed in no line of the source."""
    if found := _NO_ROOM.search(output):
        return _NoRoom(found[0])
    return CourseFault(
        f"this is a fault of the course, not of your kernel: {program} failed in no line of it; please "
        f"report it with the kernel:\n{output.strip()[-2000:]}"
    )


def _cannot_inspect(refused: CompileError) -> CourseFault:
    return CourseFault(
        "this is a limit of the course, not a fault of your kernel, which compiles: the inspector cannot "
        f"take it; please report it with the kernel:\n{refused}"
    )
