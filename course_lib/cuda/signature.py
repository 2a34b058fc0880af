"""The kernels of a source and what each takes: read from the text, so that both devices check alike."""

from dataclasses import dataclass

import numpy as np

from course_lib.cuda.errors import CompileError
from course_lib.cuda.lexer import Token, closing, split, tokens

_SCALARS = {
    "float": "float32", "double": "float64", "half": "float16", "__half": "float16",
    "bool": "bool", "char": "int8", "signed char": "int8", "unsigned char": "uint8",
    "short": "int16", "unsigned short": "uint16", "int": "int32", "signed": "int32", "signed int": "int32",
    "unsigned": "uint32", "unsigned int": "uint32", "long": "int64", "unsigned long": "uint64",
    "long long": "int64", "unsigned long long": "uint64", "size_t": "uint64",
    "__nv_bfloat16": "bfloat16", "nv_bfloat16": "bfloat16",
}  # fmt: skip
_VECTORS = {
    "char": "int8",
    "uchar": "uint8",
    "short": "int16",
    "ushort": "uint16",
    "int": "int32",
    "uint": "uint32",
}
_VECTORS |= {"longlong": "int64", "ulonglong": "uint64", "float": "float32", "double": "float64"}
_QUALIFIERS = {"const", "volatile", "__restrict__", "__grid_constant__", "restrict"}


@dataclass(frozen=True)
class Parameter:
    """One parameter: C type, dtype by name (None for void*), elements a C value holds, pointer or not."""

    name: str
    type: str
    dtype: str | None
    width: int
    pointer: bool
    constant: bool

    @property
    def itemsize(self) -> int:
        """Bytes of one element of the dtype; 1 where the type is void."""
        if self.dtype is None:
            return 1
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Kernel:
    """A `__global__` function: its name, parameters, line, and the offset just behind its body."""

    name: str
    parameters: tuple[Parameter, ...]
    line: int
    end: int


def _element(type_name: str) -> tuple[str | None, int] | None:
    if type_name == "void":
        return None, 1
    if type_name in _SCALARS:
        return _SCALARS[type_name], 1
    if type_name in ("half2", "__half2"):
        return "float16", 2
    if type_name in ("__nv_bfloat162", "nv_bfloat162"):
        return "bfloat16", 2
    if type_name[:-1] in _VECTORS and type_name[-1] in "1234":
        return _VECTORS[type_name[:-1]], int(type_name[-1])
    return None


def _parameter(words: tuple[Token, ...], kernel: str) -> Parameter:
    names = [w.text for w in words if w.kind == "name" and w.text not in _QUALIFIERS]
    stars = sum(w.text == "*" for w in words)
    line = words[0].line if words else 0
    if len(names) < 2 or stars > 1:
        text = " ".join(w.text for w in words)
        raise CompileError(f"line {line}: kernel {kernel}: cannot read the parameter '{text}'; write "
                           "TYPE NAME or TYPE* NAME",
                           [(line, "cannot read this parameter")])  # fmt: skip
    type_name, name = " ".join(names[:-1]), names[-1]
    element = _element(type_name)
    if element is None or (not stars and (element[0] is None or element[1] > 1)):
        raise CompileError(
            f"line {line}: kernel {kernel}: parameter {name} has type {type_name}{'*' * stars}; a kernel "
            "takes CUDA's own "
            "number types, and pointers to them or to its vector types",
            [(line, f"the type {type_name} cannot be a kernel's parameter")],
        )
    return Parameter(
        name, type_name, element[0], element[1], bool(stars), any(w.text == "const" for w in words)
    )


def definitions(source: str) -> list[Kernel]:
    """Every kernel definition in order; one in `#if` and one in `#else` are both there.

    Raises CompileError for a kernel that cannot be launched by name, and for a source without any.
    """
    words, found = tokens(source), []
    for i, word in enumerate(words):
        if word.text != "__global__":
            continue
        at = i + 1
        while words[at].text != "(" or words[at - 1].text == "__launch_bounds__":
            at = closing(words, at) + 1 if words[at].text == "(" else at + 1
            if at >= len(words):
                raise CompileError(
                    f"line {word.line}: __global__ without a function", [(word.line, "no function here")]
                )
        name, end = words[at - 1], closing(words, at)
        if end + 1 >= len(words) or words[end + 1].text != "{":
            continue
        if [w.text for w in words[max(0, i - 2) : i]] != ["extern", '"C"']:
            raise CompileError(
                f'line {word.line}: write extern "C" before __global__, so that kernel {name.text} can '
                "be found by name",
                [(word.line, f'kernel {name.text} lacks extern "C"')],
            )
        parameters = tuple(_parameter(part, name.text) for part in split(words[at + 1 : end]))
        body = closing(words, end + 1)
        marks = [w.text for w in words[end + 1 : body + 1]]
        if marks.count("{") != marks.count("}"):
            raise CompileError(
                f"line {name.line}: kernel {name.text}: a {{ is never closed",
                [(name.line, f"kernel {name.text}: a {{ is never closed")],
            )
        found.append(Kernel(name.text, parameters, word.line, words[body].end))
    if not found:
        raise CompileError('the source defines no kernel: write extern "C" __global__ void NAME(...) { ... }')
    return found


def kernels(source: str) -> dict[str, Kernel]:
    """The kernels of the source by name; raises CompileError as `definitions` does."""
    return {kernel.name: kernel for kernel in definitions(source)}
