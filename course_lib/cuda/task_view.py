"""A kernel task on one screen: the NumPy specification, a verdict for each size, counts and picture."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np

from course_lib.cuda.errors import CompileError, KernelError
from course_lib.cuda.module import Module, compile
from course_lib.cuda.report import Report


@dataclass(frozen=True)
class Case:
    """One launch and what it must give: arguments by name in the kernel's order, expected outputs."""

    grid: tuple[int, ...] | int
    block: tuple[int, ...] | int
    args: dict[str, object]
    expected: dict[str, np.ndarray]
    shared_mem: int = 0
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Verdict:
    """How one size went: `message` is empty when values were right and nothing was found."""

    size: object
    message: str
    report: Report | None = None


@dataclass(frozen=True)
class View:
    """What `show` gives to the notebook: `ok`, the verdicts, and the last report in full."""

    kernel: str
    specification: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every size had right values and no finding."""
        return all(not verdict.message for verdict in self.verdicts)

    def __str__(self) -> str:
        lines = [f"size {v.size}: {v.message or 'right, no findings'}" for v in self.verdicts]
        last = next((v.report for v in reversed(self.verdicts) if v.report), None)
        return "\n".join([f"{self.kernel}:", *lines, *([str(last)] if last else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(str(v.size))}</td><td style='text-align:left'>"
            f"{'✗ ' + escape(v.message) if v.message else '✓ right, no findings'}</td></tr>"
            for v in self.verdicts
        )
        last = next((v.report for v in reversed(self.verdicts) if v.report), None)
        return (
            "<div style='display:flex;gap:24px;flex-wrap:wrap;align-items:flex-start'>"
            f"<div><b>specification</b><pre>{escape(self.specification)}</pre></div>"
            f"<div><b>{escape(self.kernel)}</b><table><tr><th>size</th><th "
            "style='text-align:left'>verdict</th></tr>"
            f"{rows}</table></div></div>{last._repr_html_() if last else ''}"
        )


def show(kernel: str | Module, spec: Callable[..., Case], sizes: Iterable, name: str | None = None) -> View:
    """Inspect a kernel on each size against its specification and show the outcome.

    `kernel` is a source or a loaded Module, `spec(size)` returns the Case with the values NumPy gives, `name`
    the kernel's name (needed when there are several). Outputs are poisoned before each run. A source that
    does not compile, and a launch that fails, are verdicts too.
    """
    specification = inspect.getsource(spec) if inspect.isfunction(spec) else str(spec)
    try:
        module = compile(kernel, device="host") if isinstance(kernel, str) else kernel
    except CompileError as error:
        return View(name or "kernel", specification, [Verdict("compile", str(error))])
    name = name or module.names[0]
    return View(name, specification, [_verdict(module, name, size, spec(size)) for size in sizes])


def _verdict(module: Module, name: str, size, case: Case) -> Verdict:
    args = {
        key: _poisoned(value) if key in case.expected and isinstance(value, np.ndarray) else value
        for key, value in case.args.items()
    }
    try:
        report = module.inspect(name, case.grid, case.block, tuple(args.values()), shared_mem=case.shared_mem)
    except (KernelError, ValueError) as error:
        return Verdict(size, str(error))
    wrong = [
        _difference(key, np.asarray(args[key]), expected, case.tolerance)
        for key, expected in case.expected.items()
    ]
    return Verdict(size, "; ".join([*filter(None, wrong), *map(str, report.findings)]), report)


def _poisoned(array: np.ndarray) -> np.ndarray:
    return np.full_like(array, np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).min)


def _difference(name: str, got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Empty when close; else the first element that differs, with what was expected and what came."""
    close = np.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return ""
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    index = ", ".join(map(str, first))
    return (
        f"{name}[{index}] should be {expected[first]:.6g}, is {got[first]:.6g} ({(~close).sum():,} of "
        f"{close.size:,} differ)"
    )
