"""Ties each call in the compiled code to a line of the source, without a debugger's tools.

The inspector learns of an access by a call; the call's return address says where it stands. The compiler is
asked for assembly with line marks (`.loc`), each call gets a label, and a table of (label, line) is added.
A call or jump to an address that is computed is refused: it could go past the inspector.
"""

import re

from course_lib.cuda.errors import CompileError

_FILE = re.compile(r'^\s*\.file\s+(\d+)\s+(?:"[^"]*"\s+)?"([^"]*)"')
_LOC = re.compile(r"^\s*\.loc\s+(\d+)\s+(\d+)")
_CALL = re.compile(r"^\s*(?:callq?|bl|blr)\s+(?P<name>[\w.$]*)")
_FUNCTION = re.compile(r"^(?P<name>[A-Za-z_][\w.$]*):")
_COPY = re.compile(r"^(\s*(?:callq?|bl)\s+_?)(mem(?:cpy|move|set))\b")
_COMPUTED = re.compile(r"^\s*(?:(?:notrack\s+)?(?:callq?|jmpq?)\s+\*|blr\s|br\s)")
# What the compiler has run when the library is loaded: a start of the sanitizer's library, which is not here.
_MODULE_START = re.compile(r"^\s*\.quad\s+_?(?:tsan\.module_ctor|_sub_I_00099_0)\s*$")
_FUNCTION_END = re.compile(r"^\s*\.cfi_endproc")


def label_calls(assembly: str, filename: str, untold: bool) -> str:
    """The assembly with a label behind every call and a table `__course_sites` of (address, line).

    A call inside a function of the runtime's headers that was inlined belongs to the line that used it.
    `untold`: of copies and fills that became calls of the C library, the compiler has told nothing. Raises
    CompileError for calls through pointers and for functions that call themselves.
    """
    files, line, sites, out = set(), 0, [], []
    function, calls = "", []
    macho = "__TEXT,__text" in assembly
    for text in assembly.splitlines():
        if _MODULE_START.match(text):
            continue
        if _COMPUTED.match(text):
            raise _refused(filename, line, "a call through a pointer cannot be inspected")
        if untold:
            text = _COPY.sub(r"\1__tsan_\2", text)
        out.append(text)
        if found := _FILE.match(text):
            if found[2].rsplit("/", 1)[-1] == filename:
                files.add(found[1])
        elif found := _LOC.match(text):
            if found[1] in files and int(found[2]):
                line = int(found[2])
        elif found := _FUNCTION.match(text):
            function = found["name"]
        elif found := _CALL.match(text):
            label = f"{'L' if macho else '.L'}course_site_{len(sites)}"
            out.append(f"{label}:")
            sites.append((label, line))
            calls.append((function, found["name"], line))
        elif _FUNCTION_END.match(text):
            line = 0
    _refuse_recursion(filename, calls)
    symbol = "___course_sites" if macho else "__course_sites"
    out += [".section __DATA,__data" if macho else ".data", ".p2align 3", f".globl {symbol}"]
    if not macho:
        out.append(f".hidden {symbol}")
    out.append(f"{symbol}:")
    out += [f"  .quad {label}, {line}" for label, line in sites]
    out += ["  .quad 0, 0", ""]
    return "\n".join(out)


def _refuse_recursion(filename: str, calls: list[tuple[str, str, int]]) -> None:
    """`calls`: (caller, called function, line). What ends nowhere in the graph of calls is taken away, until
    only circles and what leads to them are left.
    """
    while calls:
        callers = {caller for caller, _, _ in calls}
        left = [call for call in calls if call[1] in callers]
        if len(left) == len(calls):
            raise _refused(filename, left[0][2], "a function that calls itself cannot be inspected")
        calls = left


def _refused(filename: str, line: int, why: str) -> CompileError:
    return CompileError(f"{filename}, line {line}: {why}", [(line, why)])
