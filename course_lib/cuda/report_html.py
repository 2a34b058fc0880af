"""A Report as static HTML: verdict, findings, the source with what each line cost, and a picture."""

from collections import defaultdict
from html import escape

from course_lib.cuda.access_picture import picture
from course_lib.cuda.coalescing import is_costly, sentence, share, tinted
from course_lib.cuda.measured import ArrayTraffic, LineTraffic, Measured

# Verdicts take the theme's own colors; "costly" marks a count above what the same accesses need.
STYLE = """<style>
.course-report{font-size:13px;line-height:1.4;color:var(--jp-content-font-color1,#111)}
.course-report table{border-collapse:collapse;margin:6px 0}
.course-report td,.course-report th{padding:1px 8px;text-align:right;vertical-align:top}
.course-report td,.course-report th{border:0;background:none;font-variant-numeric:tabular-nums}
.course-report td.code{text-align:left;font-family:var(--jp-code-font-family,monospace);white-space:pre}
.course-report th{font-weight:600;border-bottom:1px solid #888}
.course-report th.code,.course-report td.text,.course-report th.text{text-align:left}
.course-report tr.found td{background:rgba(213,94,0,.18)}
.course-report td.costly{color:var(--jp-error-color1,#b34700);font-weight:600}
.course-report .good{color:var(--jp-success-color1,#00795c);font-weight:600}
.course-report .bad{color:var(--jp-error-color1,#b34700);font-weight:600}
.course-report .side-by-side{display:flex;gap:24px;flex-wrap:wrap;align-items:flex-start;margin-bottom:8px}
.course-report div pre{background:none;margin:0}
.course-report .wide{overflow-x:auto}
.course-report ul{margin:4px 0 4px 18px;padding:0}
.course-report svg{display:block;max-width:100%;height:auto}
.course-report .warps span{margin-right:14px;white-space:nowrap}
.course-report .warps i{display:inline-block;width:10px;height:10px;margin-right:4px}
</style>"""


def html(report: Measured) -> str:
    """The report for a notebook. Self-contained: no script, nothing fetched; the same under nbgrader."""
    return (
        f"{STYLE}<div "
        f'class="course-report">{_verdict(report)}{_totals(report)}{_source(report)}{picture(report)}</div>'
    )


def _verdict(report: Measured) -> str:
    launch = f"{escape(report.kernel)}: grid {_extents(report.grid)}, block {_extents(report.block)}"
    if report.ok:
        return f'<div>{launch}: <span class="good">✓ no findings</span></div>'
    items = "".join(
        f"<li>{escape(finding.sentence)}<pre>{escape(finding.quote.strip(chr(10)))}</pre></li>"
        for finding in report.findings
    )
    count = len(report.findings)
    return (
        f'<div>{launch}: <span class="bad">✗ {count} finding{"s" * (count > 1)}</span></div><ul>{items}</ul>'
    )


def _extents(extents: tuple[int, int, int]) -> str:
    shown = extents[: 3 if extents[2] > 1 else 2 if extents[1] > 1 else 1]
    return " × ".join(f"{n:,}" for n in shown)


def _totals(report: Measured) -> str:
    rows = "".join(
        "<tr><td "
        f'class="code">{escape(a.name)}</td><td>{a.elements:,}</td><td>{a.reads:,}</td><td>{a.most_reads:,}</td>'
        f"<td>{a.writes + a.atomics:,}</td><td>{a.most_writes:,}</td>{_share(report, a)}</tr>"
        for a in report.arrays
        if a.space == "global"
    )
    head = (
        '<tr><th class="code">array</th><th>elements</th><th>reads</th><th>most of one element</th>'
        f"<th>writes</th><th>most to one element</th>{_COALESCING}</tr>"
    )
    summary = (
        f"{report.global_bytes:,} bytes of global memory asked for, {report.sectors:,} sectors of 32 "
        f"bytes moved: {sentence(report, tinted)}; {report.bank_conflicts:,} bank conflicts"
    )
    return f"<table>{head}{rows}</table><div>{summary}</div>"


_COALESCING = (
    '<th class="text" title="Of each sector of 32 bytes that a warp moves, the share that its threads asked '
    'for: 100% when neighbors touch neighbors, 12% when each float comes alone.">coalescing</th>'
)


def _share(report: Measured, array: ArrayTraffic) -> str:
    if not array.reads + array.writes + array.atomics:
        return "<td></td>"
    return f'<td class="text">{share(report, array.name, tinted)}</td>'


def _source(report: Measured) -> str:
    found = {line for f in report.findings for line in (f.line, f.other_line) if line}
    of_line: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    traffic: dict[int, list[LineTraffic]] = defaultdict(list)
    for t in report.lines:
        line = of_line[t.line]
        line["shared" if t.space == "shared" else t.access] += t.accesses
        traffic[t.line].append(t)
        line["sectors"] += t.sectors
        line["ideal"] += t.ideal_sectors
        line["conflicts"] += t.passes - t.ideal_passes
    shown = {n for n in of_line.keys() | found if n}
    if not shown:
        return ""
    heads = ["reads", "writes", "sectors (fewest)"]
    if any(t.space == "shared" for t in report.lines):
        heads += ["shared accesses", "bank conflicts"]
    source, rows = report.source.splitlines(), []
    for number in range(max(1, min(shown) - 2), min(max(shown) + 1, len(source)) + 1):
        c = of_line.get(number, {})
        sectors = f"{c['sectors']:,} ({c['ideal']:,})" if c.get("sectors") else ""
        cells = [
            _cell(c.get("read", 0)),
            _cell(c.get("write", 0) + c.get("atomic", 0)),
            _cell(sectors, is_costly(report, traffic[number])),
            _cell(c.get("shared", 0)),
            _cell(c.get("conflicts", 0), c.get("conflicts", 0) > 0),
        ]
        mark = ' class="found"' if number in found else ""
        code = f'<td>{number}</td><td class="code">{escape(source[number - 1])}</td>'
        rows.append(f"<tr{mark}>{''.join(cells[: len(heads)])}{code}</tr>")
    head = f'<tr>{"".join(f"<th>{name}</th>" for name in (*heads, "line"))}<th class="code">source</th></tr>'
    table = f'<div class="wide"><table>{head}{"".join(rows)}</table></div>'
    return f"<details open><summary>accesses by line</summary>{table}</details>"


def _cell(count: int | str, costly: bool = False) -> str:
    """A count, or nothing where it is 0."""
    text = count if isinstance(count, str) else f"{count:,}" if count else ""
    return f'<td class="costly">{text}</td>' if costly else f"<td>{text}</td>"
