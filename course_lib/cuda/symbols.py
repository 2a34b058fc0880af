"""Which functions outside of it a compiled kernel would call: device code has the runtime's and mathematics.

What counts is what the compiler made, not the words of the source: a declaration, an attribute or a builtin
may reach a function of the host that the source does not seem to call. Only ELF (Linux) is read; kernels are
not graded elsewhere.
"""

import re
import struct
from functools import cache
from pathlib import Path

HOST = Path(__file__).parent / "host"
_ELF64 = b"\x7fELF\x02\x01"  # little-endian
_SYMBOL_TABLE, _UNDEFINED = 2, 0
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
    """Names that an object file leaves to others."""
    data = path.read_bytes()
    if not data.startswith(_ELF64):
        return set()
    (sections,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, sections + i * size) for i in range(count)]
    found = set()
    for _, kind, _, _, offset, length, link, _, _, _ in headers:
        if kind != _SYMBOL_TABLE:
            continue
        names = headers[link][4]
        for at in range(offset, offset + length, 24):
            name, _, _, section = struct.unpack_from("<IBBH", data, at)
            if name and section == _UNDEFINED:
                start = names + name
                found.add(data[start : data.index(b"\0", start)].decode(errors="replace"))
    return found
