'''The library's answers in a student edition are sealed: they run, and nobody reads one in passing.

`./course release --bundle` seals them (autograder/sealing.py). Of a Python function, signature and docstring
stay, and the body becomes an argument of `@reference`:

    @reference("Q2.3", sealed="""
    eNqVj...
    """)
    def signal_to_noise(x, approximation):
        """Decibels ..."""
        ...  # sealed

Of a kernel, the lines below `// answers Q2.6` become as many comments `//= eNqVj...`, so that all lines keep
their numbers. It is a seal and no lock: those who break it read the answer, and know what they do.
'''

import base64
import binascii
import inspect
import re
import textwrap
import zlib
from collections.abc import Callable
from types import CodeType

END_OF_STUB = "...  # sealed"
_LETTERS = "A-Za-z0-9+/="
_FUNCTION = re.compile(
    rf'(?P<marker>@reference\("[^"\n]+"(?:, guard=False)?), sealed="""\n(?P<packed>[{_LETTERS}\n]+)"""\)\n'
    rf"(?P<head>(?:.*\n)*?)[ ]*{re.escape(END_OF_STUB)}\n"
)
_KERNEL = re.compile(rf"^(?P<marker>// answers .*); sealed:\n(?P<packed>(?://= [{_LETTERS}]*\n)+)", re.M)


def sealed_function(marker: str, head: str, code: str) -> str:
    """A function of a student edition: its line `@reference(...)`, signature and docstring, sealed `code`."""
    indent = code[: len(code) - len(code.lstrip())]
    opened = marker.rstrip().removesuffix(")")
    return f'{opened}, sealed="""\n{textwrap.fill(_pack(code), 100)}\n""")\n{head}{indent}{END_OF_STUB}\n'


def sealed_kernel(marker: str, code: str) -> str:
    """A kernel of a student edition: its line `// answers ...`, and sealed `code`."""
    packed, lines = _pack(code), code.count("\n")
    width = -(-len(packed) // lines)
    parts = [f"//= {packed[i * width : (i + 1) * width]}\n" for i in range(lines)]
    return f"{marker.rstrip()}; sealed:\n{''.join(parts)}"


def unsealed(text: str) -> str:
    """A file's text as it was before it was sealed. Raises ValueError where a sealed part was changed."""
    text = _FUNCTION.sub(lambda found: f"{found['marker']})\n{found['head']}{_open(found['packed'])}", text)
    return _KERNEL.sub(lambda found: f"{found['marker']}\n{_open(found['packed'].replace('//= ', ''))}", text)


def give_body(function: Callable, packed: str) -> None:
    """Put the sealed body into a function that has none. Wrappers around it stay where they are."""
    function = inspect.unwrap(function)
    bare = [
        parameter.replace(annotation=parameter.empty, default=parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    source = f"def {function.__name__}{inspect.Signature(bare)}:\n{_open(packed)}"
    # No file has this name, so that nothing which shows source finds any.
    module = compile(source, f"<sealed {function.__name__}>", "exec", dont_inherit=True)
    function.__code__ = next(part for part in module.co_consts if isinstance(part, CodeType))


def _pack(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def _open(packed: str) -> str:
    try:
        data = base64.b64decode(packed.replace("\n", ""), validate=True)
        return zlib.decompress(data).decode("utf-8")
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"a sealed part of the course was changed ({error}): fetch the file again") from None
