"""The report of one inspected launch: what it did, told as text or drawn in a notebook."""

from course_lib.cuda.arguments import Launch
from course_lib.cuda.findings import findings_of
from course_lib.cuda.measured import COUNTS, ArrayTraffic, Event, LineTraffic, Measured
from course_lib.cuda.report_html import html
from course_lib.cuda.report_text import headline, text


class Report(Measured):
    """What a launch did; shown in a notebook it draws itself, `str(report)` is the same as plain text."""

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return headline(self)

    def _repr_html_(self) -> str:
        return html(self)


def report_of(raw: dict, launch: Launch, source: str, filename: str) -> Report:
    """The Report of the inspector's answer `raw` (see host/report.cpp)."""
    names = [array["name"] for array in raw["arrays"]]
    lines: dict[tuple, dict] = {}
    for stat in raw["stats"]:
        array = raw["arrays"][stat["array"]]
        key = stat["line"], array["name"], array["space"], stat["access"]
        total = lines.setdefault(key, dict.fromkeys(COUNTS, 0))
        for name in total:
            total[name] += stat[name]
    return Report(
        launch.kernel.name, filename, source, launch.grid, launch.block,
        findings=findings_of(raw, launch, source),
        lines=[LineTraffic(*key, **total) for key, total in sorted(lines.items())],
        arrays=[_array(array) for array in raw["arrays"]],
        events=None if raw["too_many_events"] else [Event(names[a], *rest) for a, *rest in raw["events"]],
        printed=raw.get("printed", ""),
        ended=raw["ended"],
    )  # fmt: skip


def _array(raw: dict) -> ArrayTraffic:
    size, cells = raw["element"], raw["element"] // raw["cell"] or 1
    return ArrayTraffic(
        raw["name"], raw["space"], raw["bytes"] // size, size, raw["read_bytes"] // size,
        raw["write_bytes"] // size, raw["atomics"], raw["most_reads"], raw["most_writes"],
        raw["cells_read"] // cells, raw["cells_written"] // cells,
    )  # fmt: skip
