"""Functions of the library as answers to tasks: what a student could hand in who copies them.

A task's calls are recorded while its own solution passes the tests. A copy is tried in them when it gives
the same results, or at least some of the same form: a task may have more than one right answer.
"""

import ast
import contextlib
import copy
import functools
import importlib
import inspect
import itertools
import operator
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

import cloudpickle
import numpy as np
import torch

from tests.layers import FLOORS

SUBJECTS = set().union(*(FLOORS[floor] for floor in ("facts", "engines", "topics", "demos")))
# Start and end processes.
MACHINERY = {f"course_lib.ranks.{name}" for name in ("forking", "forks", "processes", "rank")}
CALLS = 6  # of each function, that a copy must answer alike
SECONDS = 0.5  # of a processor, for one of these
BUSY = 0.05  # of a processor, that what computes gets at least, however busy the machine is
SIMILAR = 12  # copies of a task's function that are tried though their results differ

# Run in place of a wrong solution: the right one stays, and each call is kept.
RECORD_CALLS = """
import copy as _copy, functools as _functools
from tests.notebooks.copying import keep as _keep
def _recorded(name, function):
    @_functools.wraps(function)
    def call(*args, **kwargs):
        values = [*args, *kwargs.values()]
        # An adapter may pass a dict of its own kind, which no other process could read.
        before = _copy.deepcopy([dict(x) if isinstance(x, dict) else x for x in values])
        result = function(*args, **kwargs)
        _keep(name, before, result)
        return result
    return call
for _name in {names}:
    globals()[_name] = _recorded(_name, globals()[_name])
"""
# A copy of a function, as the answer.
COPY = """
import importlib as _importlib, inspect as _inspect, operator as _operator
from tests.notebooks.copying import parts as _parts
_copied = _operator.attrgetter({name!r})(_importlib.import_module({module!r}))
_copied = _copied() if isinstance(_copied, type) else _inspect.unwrap(_copied)
def {task}(*args, **kwargs):
    values = [*args, *kwargs.values()]
    order = {order} if len(values) == {count} else range(len(values))
    return _parts(_copied(*(values[i] for i in order)))[{part!r}]
"""

# The library's own class, as the answer.
COPY_OF_CLASS = """
import importlib as _importlib
{2} = getattr(_importlib.import_module({0!r}), {1!r})
"""


@dataclass(frozen=True)
class Copy:
    """A function of the library as an answer: it gets the arguments in this order, and a part is returned."""

    module: str
    name: str
    order: tuple[int, ...]
    part: str

    def source(self, task: str) -> str:
        return COPY.format(
            name=self.name,
            module=self.module,
            task=task,
            order=self.order,
            count=len(self.order),
            part=self.part,
        )


def keep(name: str, before: list, result) -> None:
    """Write down a call; what an adapter passes may be a function of its own, which pickle alone refuses."""
    with open("calls.pickle", "ab") as file:
        cloudpickle.dump((name, before, result), file)


def recorded(path: Path) -> dict[str, list[tuple]]:
    """name -> the first calls of it that a recorder has kept: arguments and result."""
    found: dict[str, list[tuple]] = {}
    with contextlib.suppress(FileNotFoundError, EOFError), path.open("rb") as file:
        while True:
            name, before, after = pickle.load(file)
            if len(found.setdefault(name, [])) < CALLS:
                found[name].append((before, after))
    return found


def readable_functions(edition: Path) -> Iterator[tuple[str, str]]:
    """Module and name of each function and method that is not sealed, of what the notebooks are about.

    A class stands for an object of it that is called.
    """
    for module, node in _definitions(edition):
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for function in inner:
            if isinstance(function, ast.FunctionDef) and not is_sealed(function):
                yield module, (prefix + function.name).removesuffix(".__call__")


def similar_classes(task: ast.ClassDef, edition: Path) -> list[tuple[str, str]]:
    """Module and name of each class with a method, sealed or not, that the task's class has as well.

    Methods that every class may have, such as __init__, do not count.
    """
    wanted = _methods(task)
    classes = ((module, node) for module, node in _definitions(edition) if isinstance(node, ast.ClassDef))
    return [(module, node.name) for module, node in classes if wanted & _methods(node)]


def _methods(node: ast.ClassDef) -> set[str]:
    return {part.name for part in node.body
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("__")}  # fmt: skip


@functools.cache
def _definitions(edition: Path) -> list[tuple[str, ast.stmt]]:
    """Module and top-level statements of what the notebooks are about."""
    found = []
    for path in sorted((edition / "course_lib").rglob("*.py")):
        parts = path.relative_to(edition).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if parts[1] in SUBJECTS and module not in MACHINERY:
            found += [(module, node) for node in ast.parse(path.read_text("utf-8")).body]
    return found


def is_sealed(function: ast.FunctionDef) -> bool:
    """Whether a student edition shows no more of the function than what it is for."""
    calls = [decorator for decorator in function.decorator_list if isinstance(decorator, ast.Call)]
    return any(keyword.arg == "sealed" for call in calls for keyword in call.keywords)


def copies(task_calls: list[tuple], functions: list[tuple[str, str]]) -> list[Copy]:
    """The functions that answer a task's recorded calls as its own solution does, and some similar ones."""
    count = max(len(arguments) for arguments, _ in task_calls)
    calls = [
        (given, _tensors(given), _twins(given), after) for given, after in task_calls if len(given) == count
    ]
    found: dict[Callable, list[Copy]] = {same: [], similar: []}
    for module, name in functions:
        function = _function(module, name)
        if function is None or not _takes(function, count) or draws(function):
            continue
        known: dict[tuple, dict[Callable, set[str]]] = {}
        for order in orders(count):
            for how, part in _agreeing(function, order, calls, known):
                found[how].append(Copy(module, name, order, part))
    return found[same] + found[similar][:SIMILAR]


def _function(module: str, name: str) -> Callable | None:
    found = operator.attrgetter(name)(importlib.import_module(module))
    if isinstance(found, type):
        with contextlib.suppress(Exception):
            return found()
        return None
    return inspect.unwrap(found) if callable(found) else None


def _takes(function: Callable, count: int) -> bool:
    """Whether it can be called with so many arguments."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [p for p in inspect.signature(function).parameters.values() if p.kind in kinds]
    return sum(p.default is p.empty for p in taken) <= count <= len(taken)


def draws(function: Callable) -> bool:
    """Whether it says that it returns a figure: `same` and `similar` take none for the result of a task."""
    returned = inspect.signature(function).return_annotation
    return getattr(returned, "__name__", returned) in ("Figure", "go.Figure")


def orders(count: int) -> Iterator[tuple[int, ...]]:
    """All orders of a few arguments; of many, those in which two have changed places."""
    if count <= 4:
        yield from itertools.permutations(range(count))
        return
    yield tuple(range(count))
    for i, j in itertools.combinations(range(count), 2):
        order = list(range(count))
        order[i], order[j] = j, i
        yield tuple(order)


def _agreeing(
    function: Callable, order: tuple[int, ...], calls: list[tuple], known: dict
) -> Iterator[tuple[Callable, str]]:
    """How the function agrees with the task in every call, and in which part of its result; or nothing.

    `known` keeps what it answered in other orders: some of these are the same call.
    """
    left: dict[Callable, set[str]] = {}
    for number, (arguments, tensors, twins, expected) in enumerate(calls):
        call = number, *(twins[i] for i in order)
        if call not in known:
            known[call] = _names(function, [arguments[i] for i in order], tensors, expected)
        left = {how: left.get(how, names) & names for how, names in known[call].items()}
        if not any(left.values()):
            return
    how = same if left[same] else similar
    yield how, min(sorted(left[how]), key=len)  # the same one each time, where several are as short


def _names(function: Callable, arguments: list, tensors: list, expected) -> dict[Callable, set[str]]:
    """The parts of its result in one call that are as expected, for both ways in which they may be."""
    try:
        with _at_most(SECONDS):
            # A function may change what it gets. Tensors have a quicker way than what `copy` does.
            clones = {id(tensor): tensor.clone() for tensor in tensors}
            given = parts(function(*copy.deepcopy(arguments, clones)))
            return {how: {name for name, value in given.items() if how(expected, value)}
                    for how in (same, similar)}  # fmt: skip
    except BaseException:  # whatever a function does with what was never meant for it
        return {same: set(), similar: set()}


def _twins(arguments: list) -> list[int]:
    """For each argument the place of the first one that is the same plain value, or its own."""
    plain = [(type(value), value) if type(value) in (int, float, bool, str) else place
             for place, value in enumerate(arguments)]  # fmt: skip
    return [plain.index(value) for value in plain]


def _tensors(value) -> list[torch.Tensor]:
    """The plain tensors in lists, tuples and dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors(part)]
    return [value] if type(value) is torch.Tensor and not value.requires_grad else []


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Ends what takes more of a processor, however busy the machine is, or waits for as long."""
    spent = [time.process_time()]

    def stop(*_):
        raise TimeoutError

    def stop_if_idle(*_):
        spent.append(time.process_time())
        if spent[-1] - spent[-2] < BUSY * seconds or len(spent) > 4:
            raise TimeoutError

    limits = {
        signal.ITIMER_PROF: (signal.SIGPROF, stop),
        signal.ITIMER_REAL: (signal.SIGALRM, stop_if_idle),
    }
    before = {number: signal.signal(number, handler) for number, handler in limits.values()}
    for timer in limits:
        signal.setitimer(timer, seconds, seconds)
    try:
        yield
    finally:
        for timer in limits:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def parts(value) -> dict[str, object]:
    """A result, and what can be taken out of it in a line, by name."""
    found = {"all": value}
    if isinstance(value, (tuple, list)) and len(value) <= 6:
        found |= {f"item {i}": part for i, part in enumerate(value)}
    elif isinstance(value, dict):
        found |= {f"key {key}": part for key, part in value.items()}
    elif is_dataclass(value):
        found |= {f"field {field.name}": getattr(value, field.name) for field in fields(value)}
    return found


def same(expected, value) -> bool:
    """Whether two results agree, kinds of numbers and of lists aside."""
    if isinstance(expected, dict) or isinstance(value, dict):
        both = isinstance(expected, dict) and isinstance(value, dict) and expected.keys() == value.keys()
        return both and all(same(expected[key], value[key]) for key in expected)
    if expected is None or isinstance(expected, str):
        return type(value) is type(expected) and value == expected
    numbers, others = _numbers(expected), _numbers(value)
    if numbers is not None and others is not None:
        return numbers.shape == others.shape and np.allclose(
            numbers, others, rtol=1e-3, atol=1e-9, equal_nan=True
        )
    if isinstance(expected, (tuple, list)) and isinstance(value, (tuple, list)):
        return len(expected) == len(value) and all(map(same, expected, value))
    return False


def similar(expected, value) -> bool:
    """Whether a result has the form of another one that is no single value."""
    numbers, others = _numbers(expected), _numbers(value)
    if numbers is not None and others is not None:
        return numbers.ndim > 0 and numbers.shape == others.shape
    return isinstance(expected, (tuple, list)) and isinstance(value, (tuple, list)) and any((expected, value))


def _numbers(value) -> np.ndarray | None:
    with contextlib.suppress(Exception):
        array = np.asarray(value.detach().numpy() if hasattr(value, "detach") else value)
        if array.dtype.kind in "buif":
            return array.astype(np.float64)
    return None
