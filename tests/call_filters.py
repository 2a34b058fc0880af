"""What a filter of system calls says of a call, by running its program as the kernel of Linux does."""

import struct

from course_lib import call_filter


def verdict(steps: bytes, architecture: int, number: int, *arguments: int) -> int:
    """The answer of the filter `steps` to system call `number` of an ABI (AUDIT_ARCH_*)."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    program = list(struct.iter_unpack("<HBBI", steps))
    at, value = 0, 0
    while True:
        code, if_true, if_false, operand = program[at]
        if code == call_filter.LOAD:
            (value,) = struct.unpack_from("<I", data, operand)
            at += 1
        elif code == call_filter.RETURN:
            return operand
        else:
            holds = {
                call_filter.JUMP_IF_EQUAL: value == operand,
                call_filter.JUMP_IF_GREATER_EQUAL: value >= operand,
                call_filter.JUMP_IF_ANY: bool(value & operand),
            }[code]
            at += 1 + (if_true if holds else if_false)
