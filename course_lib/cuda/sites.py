"""Ties each call in the compiled code to a line of the source, without a debugger's tools.

The inspector learns of an access by a call; the call's return address says where it stands. The compiler is
asked for assembly with line marks (`.loc`), each call gets a label, and a table of (label, line) is added.
"""

import re

_FILE = re.compile(r'^\s*\.file\s+(\d+)\s+(?:"[^"]*"\s+)?"([^"]*)"')
_LOC = re.compile(r"^\s*\.loc\s+(\d+)\s+(\d+)")
_CALL = re.compile(r"^\s*(?:callq?|bl|blr)\s")
_FUNCTION_END = re.compile(r"^\s*\.cfi_endproc")


def label_calls(assembly: str, filename: str) -> str:
    """The assembly with a label behind every call and a table `__course_sites` of (address, line).

    A call inside a function of the runtime's headers that was inlined belongs to the line that used it.
    """
    files, line, sites, out = set(), 0, [], []
    macho = "__TEXT,__text" in assembly
    for text in assembly.splitlines():
        out.append(text)
        if found := _FILE.match(text):
            if found[2].rsplit("/", 1)[-1] == filename:
                files.add(found[1])
        elif found := _LOC.match(text):
            if found[1] in files and int(found[2]):
                line = int(found[2])
        elif _CALL.match(text):
            label = f"{'L' if macho else '.L'}course_site_{len(sites)}"
            out.append(f"{label}:")
            sites.append((label, line))
        elif _FUNCTION_END.match(text):
            line = 0
    symbol = "___course_sites" if macho else "__course_sites"
    out += [".section __DATA,__data" if macho else ".data", ".p2align 3", f".globl {symbol}"]
    if not macho:
        out.append(f".hidden {symbol}")
    out.append(f"{symbol}:")
    out += [f"  .quad {label}, {line}" for label, line in sites]
    out += ["  .quad 0, 0", ""]
    return "\n".join(out)
