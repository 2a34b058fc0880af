"""The kernels of a source and what each takes: read from the text, so that both devices check alike."""

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from course_lib.cuda import runner
from course_lib.cuda.declarators import (
    NUMBERS,
    VECTORS,
    NotRead,
    Type,
    names_of_types,
    parameter,
    without_attributes,
)
from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing, split
from course_lib.cuda.macros import expanded
from course_lib.cuda.scopes import Declaration, declarations, parameters


@dataclass(frozen=True)
class Parameter:
    """One parameter: C type, dtype by name (None for void*), elements a C value holds, pointer or not.

    `type` is the element's; `spelling` is the whole type in C++, as the compiler is asked whether it agrees.
    `constant`: what it points to is const, so that it is no output.
    """

    name: str
    type: str
    dtype: str | None
    width: int
    pointer: bool
    constant: bool
    spelling: str

    @property
    def itemsize(self) -> int:
        """Bytes of one element of the dtype; 1 where the type is void."""
        if self.dtype is None:
            return 1
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    @property
    def alignment(self) -> int:
        """Bytes of which an array's address is a multiple: a vector of three is aligned as a number."""
        return min(self.itemsize * (1 if self.width == 3 else self.width), 16)

    @cached_property
    def dtypes(self) -> tuple[np.dtype, ...]:
        """What an array may have for this pointer; () for all."""
        if self.dtype is None:
            return ()
        names = {"bfloat16": ("uint16",), "uint8": ("uint8", "bool")}.get(self.dtype, (self.dtype,))
        return tuple(map(np.dtype, names))

    @cached_property
    def scalar(self) -> tuple[type, tuple[int, int] | None]:
        """NumPy's type for this number, and the least and the largest where it is a whole one."""
        dtype = np.dtype(self.dtype)
        limits = np.iinfo(dtype) if dtype.kind in "iu" else None
        return dtype.type, limits and (int(limits.min), int(limits.max))

    @property
    def cell(self) -> str:
        """How struct packs the argument, or its address, into 8 bytes."""
        if self.pointer:
            return "Q"
        dtype = np.dtype(self.dtype)
        kinds = {"i": "_bhiq", "u": "_BHIQ", "f": "__efd", "b": "_?"}[dtype.kind]
        return f"{kinds[dtype.itemsize.bit_length()]}{8 - dtype.itemsize}x"


@dataclass(frozen=True)
class Kernel:
    """A `__global__` function: name, parameters, line, the offset behind its body, whether that is empty.

    What the launch gives room to, `extern __shared__ float row[];`, is not something that it does.
    """

    name: str
    parameters: tuple[Parameter, ...]
    line: int
    end: int
    is_empty: bool = False

    @cached_property
    def message(self) -> struct.Struct:
        """What runner.py takes for a launch."""
        return struct.Struct(runner.LAUNCH.format + "".join(p.cell for p in self.parameters))


def definitions(source: str) -> list[Kernel]:
    """Every kernel definition in order; where a condition is NVIDIA's compiler's, both branches' are there.

    Raises CompileError for a kernel that cannot be launched by name or with its parameters, and for a source
    without any.
    """
    return list(_definitions(source))


@lru_cache(maxsize=64)
def _definitions(source: str) -> tuple[Kernel, ...]:
    words = expanded(source)
    found = list(declarations(words))
    names = names_of_types(found)
    kernels = tuple(
        _kernel(words, declaration, names)
        for declaration in found
        if "__global__" in declaration.texts and _is_definition(declaration)
    )
    if not kernels:
        raise CompileError('the source defines no kernel: write extern "C" __global__ void NAME(...) { ... }')
    return kernels


def _is_definition(declaration: Declaration) -> bool:
    if declaration.kind != "function":
        line = declaration.head[0].line
        raise CompileError(f"line {line}: __global__ without a function", [(line, "no function here")])
    return declaration.body is not None


def _kernel(words: tuple[Token, ...], declaration: Declaration, names: dict) -> Kernel:
    head = declaration.head
    at = parameters(head)
    name = next(w for w in reversed(without_attributes(head[:at])) if w.kind == "name")
    line = next(w.line for w in head if w.text == "__global__")
    _refuse_what_has_no_name(declaration, name)
    parts = split(head[at + 1 : closing(head, at)])
    if len(parts) == 1 and [w.text for w in parts[0]] == ["void"]:
        parts = []
    if len(parts) > runner.MOST_ARGUMENTS:
        raise _refused(
            name.line,
            f"kernel {name.text} has {len(parts):,} parameters; at most {runner.MOST_ARGUMENTS} are allowed",
        )
    taken = tuple(_parameter(part, place, name, names) for place, part in enumerate(parts, 1))
    body = words[declaration.body : closing(words, declaration.body) + 1]
    marks = [w.text for w in body]
    if marks.count("{") != marks.count("}"):
        raise _refused(name.line, f"kernel {name.text}: a {{ is never closed")
    does = [part for part in split(body[1:-1], ";") if part and part[0].text != "extern"]
    return Kernel(name.text, taken, line, body[-1].end, is_empty=not does)


def _refuse_what_has_no_name(declaration: Declaration, name: Token) -> None:
    """Raises CompileError for kernels that cannot be found by name, with the reason."""
    texts = declaration.texts
    linkage = texts[texts.index("extern") + 1] if "extern" in texts else None
    if declaration.template:
        raise _refused(
            name.line,
            f"kernel {name.text} is a template, which has no name to be launched by; write the template as a "
            "__device__ function and a kernel that calls it",
        )
    if declaration.in_class:
        raise _refused(name.line, f"kernel {name.text} is a member of a class; write it outside")
    if linkage != '"C"' and not (declaration.c_linkage and linkage is None):
        raise _refused(
            name.line,
            f'write extern "C" before __global__, so that kernel {name.text} can be found by name',
        )
    if "static" in texts:
        raise _refused(name.line, f"kernel {name.text} is static, so it cannot be found by name")
    if "noexcept" in texts:
        raise _refused(name.line, f"kernel {name.text}: noexcept is not allowed for a kernel")


def _parameter(words: tuple[Token, ...], place: int, kernel: Token, names: dict) -> Parameter:
    line = words[0].line if words else kernel.line
    text = " ".join(w.text for w in words)
    where = f"kernel {kernel.text}: parameter {place} ({text})"
    if "." in (w.text for w in words[:1]):
        raise _refused(line, f"{where} is an ellipsis; a kernel takes a fixed number of arguments")
    try:
        name, kind = parameter(words, names)
    except NotRead as why:
        raise _refused(
            line,
            f"{where} has {why}; a kernel here takes CUDA's own number types, and pointers to them or to its "
            "vector types",
        ) from None
    return _read(name or f"parameter_{place}", kind, line, where)


def _read(name: str, kind: Type, line: int, where: str) -> Parameter:
    layers = [layer.text for layer in kind.layers]
    if "&" in layers:
        raise _refused(
            line,
            f"{where} is a reference ({kind}), but arguments are copied to the device; write "
            f"{kind.element} or {kind.element}*",
        )
    if "()" in layers:
        raise _refused(line, f"{where} is a pointer to a function, which host and device do not share")
    if layers.count("*") > 1:
        raise _refused(line, f"{where} is a pointer to pointers ({kind}); pass one array and index into it")
    pointer = bool(layers)
    dtype, width = VECTORS.get(kind.element, (NUMBERS.get(kind.element), 1))
    if not pointer and width > 1:
        raise _refused(line, f"{where} is a vector type by value; pass a pointer to it, or its numbers")
    if not pointer and dtype is None:
        raise _refused(line, f"{where} is void, which is no value; write void*")
    return Parameter(name, kind.element, dtype, width, pointer, kind.constant and pointer, str(kind))


def _refused(line: int, why: str) -> CompileError:
    return CompileError(f"line {line}: {why}", [(line, why)])


def kernels(source: str) -> dict[str, Kernel]:
    """The kernels of the source by name; raises CompileError as `definitions` does."""
    return {kernel.name: kernel for kernel in definitions(source)}
