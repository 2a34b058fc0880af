"""Kernels of the library as answers to tasks; see copying.py, which does the same with functions."""

import copy
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from course_lib import cuda
from course_lib.cuda.signature import kernels
from course_lib.seal import unsealed
from tests.notebooks.copying import same

MAPPINGS = 24  # ways in which a kernel's arguments may stand for a task's
# Run in place of a wrong solution: the right one stays, and each launch is kept.
RECORD_LAUNCHES = """
import copy as _copy, pickle as _pickle
from course_lib.cuda.module import Module as _Module
def _recorded(method):
    def call(self, name, grid, block, args, shared_mem=0, **more):
        before = _copy.deepcopy(args)
        result = method(self, name, grid, block, args, shared_mem, **more)
        with open("calls.pickle", "ab") as file:
            _pickle.dump((name, (grid, block, before, shared_mem), args), file)
        return result
    return call
_Module._launch = _recorded(_Module._launch)
"""


def readable_kernels(edition: Path) -> Iterator[tuple[str, str]]:
    """Topic and name of each kernel that is not sealed."""
    for path in sorted((edition / "kernels").glob("*.cu")):
        text = path.read_text("utf-8")
        if re.search(r'^extern "C" __global__', text, re.MULTILINE):  # not all of it is sealed
            yield from ((path.stem, name) for name in kernels(text))


def kernel_copies(task: str, source: str, launches: list[tuple], edition: Path) -> Iterator[str]:
    """Sources in which a kernel of the library stands in for the task's and does the same in each launch."""
    wanted = kernels(source)[task].parameters
    for topic, name in readable_kernels(edition):
        # What else a kernel needs of its file, a student may write.
        text = unsealed((edition / "kernels" / f"{topic}.cu").read_text("utf-8"))
        module = cuda.Module(text, "kernel.cu", "host", time_limit=2.0, lasting=True)
        for mapping in itertools.islice(_mappings(kernels(text)[name].parameters, wanted), MAPPINGS):
            if all(_launches_alike(module, name, mapping, *launch) for launch in launches):
                yield _as_the_task(text, name, task, mapping, wanted)


def _mappings(own, wanted) -> Iterator[tuple[int, ...]]:
    """For each parameter of a kernel, one of the task's that may stand for it; first all in their order."""
    straight = tuple(range(len(own)))
    if [_kind(one) for one in own] == [_kind(other) for other in wanted[: len(own)]]:
        yield straight
    choices = [[i for i, other in enumerate(wanted) if _kind(other) == _kind(one)] for one in own]
    if math.prod(map(len, choices)) <= 100_000:
        for places in itertools.product(*choices):
            if len(set(places)) == len(places) and places != straight:
                yield places


def _kind(parameter) -> tuple:
    return parameter.dtype, parameter.pointer, parameter.pointer and not parameter.constant


def _launches_alike(module, name, mapping, launch, after) -> bool:
    grid, block, before, shared = launch
    before = copy.deepcopy(before)
    try:
        module[name](grid, block, tuple(before[i] for i in mapping), shared_mem=shared)
    except (cuda.KernelError, ValueError):
        return False
    return all(_alike(wanted, got) for wanted, got in zip(after, before, strict=True))


def _alike(wanted, got) -> bool:
    """Floats up to the rounding of float32: sums in another order differ most where they are near 0."""
    if not isinstance(wanted, np.ndarray) or wanted.dtype.kind != "f":
        return same(wanted, got)
    size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    return np.allclose(wanted, got, rtol=1e-3, atol=1e-6 * max(1.0, size), equal_nan=True)


def _as_the_task(text: str, name: str, task: str, mapping: tuple[int, ...], wanted) -> str:
    """The file with the kernel under the task's name, and its parameters where the task has them."""
    if name != task:
        text = re.sub(rf"\b{task}\b", f"not_{task}", text)
    begin = text.index("(", text.index(f" {name}(") if f" {name}(" in text else text.index(f"\n{name}("))
    end = text.index(")", begin)
    own = [declaration.strip() for declaration in text[begin + 1 : end].split(",")]
    declared = [
        own[mapping.index(i)] if i in mapping else f"{p.spelling} unused_{i}" for i, p in enumerate(wanted)
    ]
    return text[: begin - len(name)] + task + f"({', '.join(declared)}" + text[end:]
