"""A kernel task on one screen: the NumPy specification, a verdict for each size, counts and picture."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

import numpy as np

from course_lib.cuda.coalescing import is_enough, sentence
from course_lib.cuda.errors import CompileError, KernelError, NotEnded
from course_lib.cuda.findings import in_short
from course_lib.cuda.measured import GOOD_COALESCING
from course_lib.cuda.module import Module, compile
from course_lib.cuda.poison import difference, poisoned
from course_lib.cuda.report import Report
from course_lib.cuda.report_html import STYLE, html
from course_lib.cuda.signature import definitions
from course_lib.cuda.traffic import shortfalls

INSPECTOR = "The inspector on "  # begins the line that `show` prints


@dataclass(frozen=True)
class Case:
    """One launch and what it must give: arguments by name in the kernel's order, expected outputs.

    Outputs are filled with poison before the launch, except those named in `keep`: the kernel adds to their
    values, or changes only some of them. Raises ValueError where `keep` names no output.
    """

    grid: tuple[int, ...] | int
    block: tuple[int, ...] | int
    args: dict[str, object]
    expected: dict[str, np.ndarray]
    shared_mem: int = 0
    tolerance: float = 1e-6
    keep: tuple[str, ...] = ()

    def __post_init__(self):
        if unknown := set(self.keep) - set(self.expected):
            raise ValueError(f"keep names {', '.join(unknown)}; the outputs are {', '.join(self.expected)}")

    def arrays(self) -> dict[str, object]:
        """The arguments as they are handed over: outputs are copies, poisoned or kept."""
        outputs = {
            name: value.copy() if name in self.keep else poisoned(value)
            for name, value in self.args.items()
            if name in self.expected and isinstance(value, np.ndarray)
        }
        return self.args | outputs


@dataclass(frozen=True)
class Verdict:
    """How one size went: `trouble` is what is wrong with the values, a line each, or why there are none.

    `outcome` begins a sentence with it: "wrong", "stopped", "did not end", "not run", "does not compile".
    """

    size: object
    trouble: str
    report: Report | None = None
    outcome: str = "wrong"

    @property
    def message(self) -> str:
        """All that is wrong, in full; empty when values were right and nothing was found."""
        findings = map(str, self.report.findings) if self.report else ()
        return "\n".join([*filter(None, [self.trouble]), *findings])

    @property
    def brief(self) -> str:
        """The same with the findings as kind and lines: the report beside it has their sentences."""
        lines = self.trouble.splitlines()
        found = in_short(self.report.findings) if self.report else ""
        return "; ".join(filter(None, [*(lines if self.outcome == "wrong" else lines[:1]), found]))


@dataclass(frozen=True)
class View:
    """What `show` gives to the notebook: `ok`, the verdicts, and one report in full.

    `demands`: what is asked of the memory traffic of the launch that is shown, as `shortfalls` takes it.
    """

    kernel: str
    specification: str
    verdicts: list[Verdict] = field(default_factory=list)
    demands: dict = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every size had right values and no finding."""
        return all(not verdict.message for verdict in self.verdicts)

    @property
    def report(self) -> Report | None:
        """The report of the first size with a finding, else of the last size that ran."""
        reports = [verdict.report for verdict in self.verdicts if verdict.report]
        return next((report for report in reports if not report.ok), reports[-1] if reports else None)

    @property
    def shortfalls(self) -> list[str]:
        """A sentence for each demand that the launch shown does not meet; a small one is not judged."""
        if self.report is None:
            return []
        asked = self.demands if is_enough(self.report) else self.demands | {"coalescing": None}
        return shortfalls(self.report, **asked)

    @property
    def verdict(self) -> str:
        """All of it in one line, for example: "right at sizes 1 and 64, but a race in lines 8 and 14"."""
        found = in_short(f for verdict in self.verdicts if verdict.report for f in verdict.report.findings)
        bad = next((v for v in self.verdicts if v.trouble or v.outcome != "wrong"), None)
        if bad:
            place = f" at size {bad.size}" * (bad.size is not None)
            said = filter(None, [bad.trouble.partition("\n")[0], found])
            return f"{bad.outcome}{place}: {'; and '.join(said)}"
        if not self.report:
            return "nothing was run"
        if found := found or "; ".join(self.shortfalls):
            return f"{self._right}, but {found}"
        return f"{self._right}, no findings; {sentence(self.report)}"

    @property
    def _right(self) -> str:
        """Says at which sizes, because a kernel that is right at these may be wrong at others."""
        *others, last = (str(verdict.size) for verdict in self.verdicts)
        return f"right at sizes {', '.join(others)} and {last}" if others else f"right at size {last}"

    def __str__(self) -> str:
        lines = [f"size {v.size}: {v.brief or 'right, no findings'}" for v in self.verdicts]
        return "\n".join(filter(None, [repr(self), *lines, str(self.report or "")]))

    def __repr__(self) -> str:
        return f"{self.kernel}: {self.verdict}"

    def _repr_html_(self) -> str:
        sizes = ["" if v.size is None else escape(str(v.size)) for v in self.verdicts]
        rows = "".join(
            f'<tr><td>{size}</td><td class="text">{_verdict_html(verdict)}</td></tr>'
            for size, verdict in zip(sizes, self.verdicts, strict=True)
        )
        good = self.ok and not self.shortfalls
        said = f'<span class="{"good" if good else "bad"}">{escape(self.verdict)}</span>'
        return (
            f'{STYLE}<div class="course-report"><div class="side-by-side">'
            f"<div><b>specification</b><pre>{escape(self.specification)}</pre></div>"
            f"<div><b>{escape(self.kernel)}</b>: {said}"
            f'<table><tr><th>size</th><th class="text">verdict</th></tr>'
            f"{rows}</table></div></div></div>{html(self.report) if self.report else ''}"
        )


def _verdict_html(verdict: Verdict) -> str:
    if not verdict.message:
        return '<span class="good">✓ right, no findings</span>'
    if verdict.outcome != "wrong" and verdict.trouble:  # lines of the source stand below the message
        return f'<span class="bad">✗</span><pre>{escape(verdict.trouble)}</pre>'
    return f'<span class="bad">✗</span> {escape(verdict.brief)}'


def show(
    kernel: str | Module,
    spec: Callable[..., Case],
    sizes: Iterable,
    name: str | None = None,
    *,
    coalescing: float | Mapping[str, float] = GOOD_COALESCING,
    most_reads: Mapping[str, int] | None = None,
) -> View:
    """Inspect a kernel on each size against its specification, print the verdict in a line, return all of it.

    `kernel` is a source or a loaded Module, `spec(size)` returns the Case with the values NumPy gives, `name`
    the kernel's name (needed when there are several). The last size is the one that is shown, where nothing
    is found before: choose it so large that good and poor traffic differ. `coalescing` is the share that is
    called good, of all arrays or of each array named; `most_reads` how often an element of an array may be
    read. A source that does not compile, a kernel that is not there and a launch that fails are verdicts too;
    after one that did not end no other size is run.
    """
    try:
        specification = inspect.getsource(spec)
    except (OSError, TypeError):  # typed in where no source is kept, or an object that can be called
        specification = str(spec)
    demands = {"coalescing": coalescing, "most_reads": most_reads}
    name, verdicts = _verdicts(kernel, spec, sizes, name, coalescing)
    view = View(name, specification, verdicts, demands)
    print(f"{INSPECTOR}{view!r}")
    return view


def _verdicts(kernel, spec, sizes, name: str | None, bar) -> tuple[str, list[Verdict]]:
    """The kernel's name, and a verdict for each size that was run."""
    try:
        module = compile(kernel, device="host") if isinstance(kernel, str) else kernel
    except CompileError as error:
        return name or _names(kernel), [Verdict(None, str(error), outcome="does not compile")]
    name = name or (module.names[0] if len(module.names) == 1 else None)
    if name not in module.names:
        there = ", ".join(module.names)
        why = f"there is no kernel {name}, but {there}" if name else f"say which of the kernels: {there}"
        return name or "kernel", [Verdict(None, why, outcome="not run")]
    verdicts = []
    for size in sizes:
        verdicts.append(_verdict(module, name, size, spec(size), bar))
        if verdicts[-1].outcome == "did not end":
            break
    return name, verdicts


def _names(source: str) -> str:
    """The kernels of a source that does not compile, as far as its text tells."""
    try:
        return ", ".join(kernel.name for kernel in definitions(source)) or "kernel"
    except CompileError:
        return "kernel"


def _verdict(module: Module, name: str, size, case: Case, bar) -> Verdict:
    args = case.arrays()
    launch = case.grid, case.block, tuple(args.values())
    limit = {"time_limit": module.time_limit} if module.time_limit else {}
    try:
        report = module.inspect(name, *launch, shared_mem=case.shared_mem, **limit)
    except NotEnded as error:
        return Verdict(size, str(error), outcome="did not end")
    except (KernelError, ValueError) as error:
        return Verdict(size, str(error), outcome="stopped")
    report.bar = bar
    if not report.ended:
        return Verdict(size, "", report, outcome="stopped")
    wrong = [
        difference(key, np.asarray(args[key]), value, case.tolerance, report, key not in case.keep)
        for key, value in case.expected.items()
    ]
    return Verdict(size, "\n".join(filter(None, wrong)), report)
