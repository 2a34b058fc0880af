"""A function or class of a notebook as text, which ranks execute: nothing of it is pickled."""

import ast
import builtins
import importlib
import inspect
import linecache
import symtable
import sys
import textwrap
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, ModuleType

MODULE = "sent_as_text"  # the module in which a rank executes a text
# What stands ready there without an import.
READY = {
    "np": "numpy",
    "torch": "torch",
    "functional": "torch.nn.functional",
    "dist": "torch.distributed",
}
LONGEST = 10_000  # characters of a constant


@dataclass(frozen=True)
class Source:
    """The text that defines `name`."""

    name: str
    text: str


def source_of(thing: Callable) -> Source:
    """The text of a function or class of a cell or a file, in front of it that of what it uses by name.

    That may be other functions and classes from beside it, imported modules and names, and constants that
    Python can read as it writes them. Raises ValueError, naming it, for anything else (a model, an array: it
    has to be an argument), for a lambda, and where there is no text.
    """
    parts: dict[str, str] = {}
    _collect(thing, parts)
    return Source(thing.__name__, "\n\n".join(parts.values()))


def load(source: Source) -> Callable:
    """Execute the text, and return what it defines. Raises ValueError where it does not define the name."""
    module = sys.modules[MODULE] = ModuleType(MODULE)
    for name, path in READY.items():
        setattr(module, name, importlib.import_module(path))
    # So that a traceback shows its lines.
    linecache.cache[_file(source.name)] = (
        len(source.text),
        None,
        source.text.splitlines(keepends=True),
        _file(source.name),
    )
    exec(compile(source.text, _file(source.name), "exec"), vars(module))
    if source.name not in vars(module):
        raise ValueError(f"the text that was sent defines no {source.name}")
    return vars(module)[source.name]


def place(frames: Iterator[tuple[FrameType, int]]) -> str:
    """Where in a text that was sent the innermost of these frames stands, or nothing."""
    found = ""
    for frame, number in frames:
        code = frame.f_code
        if frame.f_globals.get("__name__") == MODULE:
            line = linecache.getline(code.co_filename, number).strip()
            found = f"line {number - code.co_firstlineno + 1} of {code.co_name}: {line}"
    return found


def place_of_error(error: BaseException) -> str:
    """Where in a text that was sent an exception came about, or nothing."""
    return place(traceback.walk_tb(error.__traceback__))


def place_of_thread(thread: int) -> str:
    """Where in a text that was sent a thread is just now, or nothing."""
    frames = list(traceback.walk_stack(sys._current_frames().get(thread)))
    return place(reversed(frames))


def _file(name: str) -> str:
    return f"<sent: {name}>"


def _collect(thing: Callable, parts: dict[str, str]) -> None:
    """Add the text of `thing`, after that of what it needs, to parts (name -> text)."""
    name = getattr(thing, "__name__", type(thing).__name__)
    code, text = _definition(thing, name)
    parts[name] = ""  # it is on its way, for functions that call each other
    for used in sorted(_used_names(text) - {name}):
        if used in parts or used not in code[1]:
            continue
        value = code[1][used]
        if _is_ipythons(value) and hasattr(builtins, used):
            continue  # it gives a notebook an `open` of its own, around Python's
        if _beside(value, code[1]) and getattr(value, "__name__", "") == used:
            _collect(value, parts)
        else:
            parts[used] = _line(used, value, name)
    del parts[name]
    parts[name] = text


def _is_ipythons(value) -> bool:
    return isinstance(value, FunctionType) and value.__globals__.get("__name__", "").startswith("IPython.")


def _definition(thing: Callable, name: str) -> tuple[tuple[CodeType, dict], str]:
    for function in _functions(thing):
        code = function.__code__
        if code.co_freevars and isinstance(thing, FunctionType):
            raise ValueError(
                f"{name} uses {', '.join(code.co_freevars)} of the function around it: give it as an argument"
            )
        lines = linecache.getlines(code.co_filename)
        try:
            nodes = list(ast.walk(ast.parse("".join(lines))))
        except SyntaxError:
            continue
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                if first <= code.co_firstlineno <= node.end_lineno:
                    text = "".join(lines[first - 1 : node.end_lineno])
                    return (code, function.__globals__), textwrap.dedent(text)
    raise ValueError(
        f"the text of {name} cannot be found: "
        "send a function or class that a cell or a file defines with def or class"
    )


def _functions(thing: Callable) -> Iterator[FunctionType]:
    """A function, or all of a class, whose code tells where the text is."""
    values = vars(thing).values() if isinstance(thing, type) else [thing]
    for value in values:
        value = getattr(value, "__func__", getattr(value, "fget", value))
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, FunctionType):
            yield value


def _used_names(text: str) -> set[str]:
    """Names that a text takes from around it."""

    def walk(table: symtable.SymbolTable) -> Iterator[str]:
        for symbol in table.get_symbols():
            top = table.get_type() == "module"
            if symbol.is_referenced() and (not symbol.is_assigned() if top else symbol.is_global()):
                yield symbol.get_name()
        for inner in table.get_children():
            yield from walk(inner)

    return set(walk(symtable.symtable(text, "<text>", "exec")))


def _beside(value: object, namespace: dict) -> bool:
    """Whether a function or class is defined in that notebook or file, rather than imported there."""
    return isinstance(value, (FunctionType, type)) and value.__module__ == namespace.get("__name__")


def _line(name: str, value: object, user: str) -> str:
    """A line that gives `name` the value again."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}"
    module, path = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if module and path.isidentifier() and getattr(sys.modules.get(module), path, None) is value:
        return f"from {module} import {path} as {name}"
    try:
        written = repr(value)
        if len(written) <= LONGEST and ast.literal_eval(written) == value:
            return f"{name} = {written}"
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    raise ValueError(
        f"{user} uses {name}, which no other process can see ({type(value).__name__}): give it as an argument"
    )
