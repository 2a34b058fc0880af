"""A kernel task on one screen: the NumPy specification, a verdict for each size, counts and picture."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np

from course_lib.cuda.errors import CompileError, KernelError
from course_lib.cuda.module import Module, compile
from course_lib.cuda.report import Report
from course_lib.cuda.report_html import STYLE, html


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
    """How one size went: `trouble` is what is wrong with the values, or why there are none."""

    size: object
    trouble: str
    report: Report | None = None

    @property
    def message(self) -> str:
        """All that is wrong, in full; empty when values were right and nothing was found."""
        findings = map(str, self.report.findings) if self.report else ()
        return "; ".join([*filter(None, [self.trouble]), *findings])

    @property
    def brief(self) -> str:
        """The same with the findings as kind and lines: the report beside it has their sentences."""
        lines: dict[str, set[int]] = {}
        for finding in self.report.findings if self.report else ():
            lines.setdefault(finding.kind, set()).update({finding.line, finding.other_line} - {None, 0})
        found = [
            f"{kind} in line{'s' * (len(where) > 1)} {', '.join(map(str, sorted(where)))}" if where else kind
            for kind, where in lines.items()
        ]
        return "; ".join([*filter(None, [self.trouble]), *found])


@dataclass(frozen=True)
class View:
    """What `show` gives to the notebook: `ok`, the verdicts, and one report in full."""

    kernel: str
    specification: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every size had right values and no finding."""
        return all(not verdict.message for verdict in self.verdicts)

    @property
    def report(self) -> Report | None:
        """The report of the first size with a finding, else of the last size that ran."""
        reports = [verdict.report for verdict in self.verdicts if verdict.report]
        return next((report for report in reports if not report.ok), reports[-1] if reports else None)

    def __str__(self) -> str:
        lines = [f"size {v.size}: {v.brief or 'right, no findings'}" for v in self.verdicts]
        return "\n".join([f"{self.kernel}:", *lines, *([str(self.report)] if self.report else [])])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td>{escape(str(v.size))}</td><td class="text">{_verdict_html(v)}</td></tr>'
            for v in self.verdicts
        )
        return (
            f'{STYLE}<div class="course-report"><div class="side-by-side">'
            f"<div><b>specification</b><pre>{escape(self.specification)}</pre></div>"
            f'<div><b>{escape(self.kernel)}</b><table><tr><th>size</th><th class="text">verdict</th></tr>'
            f"{rows}</table></div></div></div>{html(self.report) if self.report else ''}"
        )


def _verdict_html(verdict: Verdict) -> str:
    if not verdict.message:
        return '<span class="good">✓ right, no findings</span>'
    if "\n" in verdict.trouble:  # a compiler's errors point into the line above
        return f'<span class="bad">✗</span><pre>{escape(verdict.trouble)}</pre>'
    return f'<span class="bad">✗</span> {escape(verdict.brief)}'


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
    return Verdict(size, "; ".join(filter(None, wrong)), report)


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
