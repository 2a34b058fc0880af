"""What a compiled kernel has to do with the host: device code has the runtime's functions and mathematics.

What counts is what the compiler made, not the words of the source: a declaration, an attribute or a builtin
may reach a function of the host that the source does not seem to call, replace one that the runtime calls, or
have code run while the library is loaded. Only ELF (Linux) is read; kernels are not graded elsewhere.
"""

import re
import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

HOST = Path(__file__).parent / "host"
_ELF64 = b"\x7fELF\x02\x01"  # little-endian
_SYMBOL_TABLE, _UNDEFINED = 2, 0
_EARLY = (".init", ".fini", ".preinit", ".ctors", ".dtors")  # as in .init_array, .init_array.00101, .fini
# What compilers call by themselves: copies, conversions, the protection of the stack.
_SUPPORT = frozenset({
    "_GLOBAL_OFFSET_TABLE_", "__dso_handle", "__tls_get_addr", "__stack_chk_fail", "_Unwind_Resume",
    "__gxx_personality_v0", "memcpy", "memset", "memmove", "memcmp", "__extendhfsf2", "__truncsfhf2",
    "__truncdfhf2", "__gnu_h2f_ieee", "__gnu_f2h_ieee",
})  # fmt: skip
# Of the C library's mathematics (math.h), what device code has, too; also with f at its end.
_MATHEMATICS = frozenset({
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos",
    "cosh", "erf", "erfc", "exp", "exp10", "exp2", "expm1", "fabs", "fdim", "floor", "fma", "fmax",
    "fmin", "fmod", "frexp", "hypot", "ilogb", "ldexp", "lgamma", "llrint", "llround", "log", "log10",
    "log1p", "log2", "logb", "lrint", "lround", "modf", "nearbyint", "nextafter", "pow", "remainder",
    "remquo", "rint", "round", "scalbln", "scalbn", "sin", "sincos", "sinh", "sqrt", "tan", "tanh",
    "tgamma", "trunc",
})  # fmt: skip


@cache
def _runtime() -> frozenset[str]:
    """What the runtime's headers name; its other functions lead a launch, and no kernel may call them."""
    headers = "".join(path.read_text() for path in sorted(HOST.glob("*.h")))
    return frozenset(re.findall(r"__course_\w+", headers))


def foreign(path: Path) -> list[str]:
    """Names in an object file that a kernel may not leave to other libraries, sorted; [] for no ELF."""
    return sorted(name for name in undefined(path) if not _is_for_kernels(name))


def _is_for_kernels(name: str) -> bool:
    if name in _SUPPORT or name in _MATHEMATICS or name.removesuffix("f") in _MATHEMATICS:
        return True
    return name in _runtime() or name.startswith("__tsan_")  # the inspector's own, by which it sees accesses


def undefined(path: Path) -> set[str]:
    """Names that an object file leaves to others; the empty set for no ELF."""
    return {name for name, section in _symbols(path) if section == _UNDEFINED}


def replaced(path: Path, others: Iterable[Path]) -> list[str]:
    """Names defined in an object file that `others` leave open, sorted: they would call it for the host's.

    The table of sites and what else a kernel's file is to define for the inspector is not among them.
    """
    defined = {name for name, section in _symbols(path) if section != _UNDEFINED}
    wanted = set().union(*map(undefined, others))
    return sorted(name for name in defined & wanted if not name.startswith("__course_"))


def early(path: Path) -> list[str]:
    """Sections of an object file that have code run before or after any launch, sorted."""
    return sorted({name for name, _, _, length, _ in _sections(path) if length and name.startswith(_EARLY)})


def _sections(path: Path) -> list[tuple[str, int, int, int, int]]:
    """(name, type, offset, length, index of the section that it is linked to), one a section."""
    data = path.read_bytes()
    if not data.startswith(_ELF64):
        return []
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, start + i * size) for i in range(count)]
    return [
        (_text(data, headers[names][4] + name), kind, offset, length, link)
        for name, kind, _, _, offset, length, link, _, _, _ in headers
    ]


def _symbols(path: Path) -> list[tuple[str, int]]:
    """(name, number of the section that defines it) of all symbols that have a name."""
    data, sections, found = path.read_bytes(), _sections(path), []
    for _, kind, offset, length, link in sections:
        if kind != _SYMBOL_TABLE:
            continue
        names = sections[link][2]
        for at in range(offset, offset + length, 24):
            name, _, _, section = struct.unpack_from("<IBBH", data, at)
            if name:
                found.append((_text(data, names + name), section))
    return found


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode(errors="replace")
