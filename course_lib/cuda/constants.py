"""Names that C and C++ keep in headers and kernels use: the course brings them, for no header is there.

NVRTC alone knows none of them. A source that uses one without defining it gets its definition in front, on a
GPU as on the host.
"""

import re

# <cstdint> on 64-bit Linux.
FIXED_WIDTH = {
    "int8_t": "signed char", "uint8_t": "unsigned char", "int16_t": "short", "uint16_t": "unsigned short",
    "int32_t": "int", "uint32_t": "unsigned int", "int64_t": "long", "uint64_t": "unsigned long",
    "intptr_t": "long", "uintptr_t": "unsigned long",
}  # fmt: skip
# <cmath>, <cfloat>, <climits>, <cstdint> and CUDA's math_constants.h.
CONSTANTS = {
    "INFINITY": "__int_as_float(0x7f800000)", "HUGE_VALF": "__int_as_float(0x7f800000)",
    "NAN": "__int_as_float(0x7fffffff)", "HUGE_VAL": "__longlong_as_double(0x7ff0000000000000ll)",
    "FLT_MAX": "3.402823466e+38f", "FLT_MIN": "1.175494351e-38f", "FLT_EPSILON": "1.192092896e-07f",
    "DBL_MAX": "1.7976931348623157e+308", "DBL_MIN": "2.2250738585072014e-308",
    "DBL_EPSILON": "2.2204460492503131e-16",
    "CHAR_BIT": "8", "SCHAR_MIN": "(-128)", "SCHAR_MAX": "127", "UCHAR_MAX": "255", "CHAR_MIN": "(-128)",
    "CHAR_MAX": "127", "SHRT_MIN": "(-32768)", "SHRT_MAX": "32767", "USHRT_MAX": "65535",
    "INT_MIN": "(-2147483647 - 1)", "INT_MAX": "2147483647", "UINT_MAX": "4294967295u",
    "LONG_MIN": "(-9223372036854775807l - 1)", "LONG_MAX": "9223372036854775807l",
    "ULONG_MAX": "18446744073709551615ul", "LLONG_MIN": "(-9223372036854775807ll - 1)",
    "LLONG_MAX": "9223372036854775807ll", "ULLONG_MAX": "18446744073709551615ull",
    "INT8_MIN": "(-128)", "INT8_MAX": "127", "UINT8_MAX": "255", "INT16_MIN": "(-32768)",
    "INT16_MAX": "32767", "UINT16_MAX": "65535", "INT32_MIN": "(-2147483647 - 1)",
    "INT32_MAX": "2147483647", "UINT32_MAX": "4294967295u", "INT64_MIN": "(-9223372036854775807l - 1)",
    "INT64_MAX": "9223372036854775807l", "UINT64_MAX": "18446744073709551615ul",
    "SIZE_MAX": "18446744073709551615ul",
    "M_E": "2.7182818284590452354", "M_LOG2E": "1.4426950408889634074", "M_LOG10E": "0.43429448190325182765",
    "M_LN2": "0.69314718055994530942", "M_LN10": "2.30258509299404568402", "M_PI": "3.14159265358979323846",
    "M_PI_2": "1.57079632679489661923", "M_PI_4": "0.78539816339744830962",
    "M_1_PI": "0.31830988618379067154", "M_2_PI": "0.63661977236758134308",
    "M_2_SQRTPI": "1.12837916709551257390", "M_SQRT2": "1.41421356237309504880",
    "M_SQRT1_2": "0.70710678118654752440",
    "CUDART_INF_F": "__int_as_float(0x7f800000)", "CUDART_NAN_F": "__int_as_float(0x7fffffff)",
    "CUDART_MIN_DENORM_F": "__int_as_float(0x00000001)", "CUDART_MAX_NORMAL_F": "__int_as_float(0x7f7fffff)",
    "CUDART_NEG_ZERO_F": "__int_as_float(0x80000000)", "CUDART_ZERO_F": "0.0f", "CUDART_ONE_F": "1.0f",
    "CUDART_SQRT_TWO_F": "1.414213562f", "CUDART_L2E_F": "1.442695041f", "CUDART_LN2_F": "0.693147181f",
    "CUDART_PI_F": "3.141592654f", "CUDART_PIO2_F": "1.570796327f", "CUDART_2_OVER_PI_F": "0.636619772f",
    "CUDART_INF": "__longlong_as_double(0x7ff0000000000000ll)",
    "CUDART_NAN": "__longlong_as_double(0xfff8000000000000ull)", "CUDART_PI": "3.1415926535897931e+0",
}  # fmt: skip
_USED = re.compile(rf"\b(?:{'|'.join([*FIXED_WIDTH, *CONSTANTS])})\b")


def prelude(source: str) -> list[str]:
    """One line for each name that the source uses and does not define itself, in the order of the tables."""
    used = set(_USED.findall(source))
    lines = []
    for name, text in CONSTANTS.items():
        if name in used and not _defines_value(source, name):
            lines.append(f"#define {name} {text}")
    for name, text in FIXED_WIDTH.items():
        if name in used and not _defines_type(source, name):
            lines.append(f"typedef {text} {name};")
    return lines


def _defines_value(source: str, name: str) -> bool:
    return (
        re.search(
            rf"#[ \t]*define[ \t]+{name}\b|\w[ \t]+{name}\s*(=[^=]|\{{)|\benum\b[^}}]*\b{name}\b", source
        )
        is not None
    )


def _defines_type(source: str, name: str) -> bool:
    return (
        re.search(rf"#[ \t]*define[ \t]+{name}\b|\btypedef\b[^;]*\b{name}\s*;|\busing\s+{name}\b", source)
        is not None
    )
