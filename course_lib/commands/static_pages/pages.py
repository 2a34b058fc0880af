"""The folder of pages: written beside its place and moved there whole, or not at all."""

import datetime
import gzip
import html
import json
import os
import re
import shutil
import signal
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from string import Template

from course_lib.commands.static_pages import grid
from course_lib.commands.static_pages.lectures import Lecture, cells, lecture
from course_lib.commands.static_pages.states import Explored
from course_lib.errors import UserError
from course_lib.notebook.machine import cores, machine
from course_lib.notebook.progress import Progress
from course_lib.version import version

HERE = Path(__file__).parent
GALLERY = "gallery"
MOST_WORKERS = 4  # each holds torch, and a demo's figures until they are written


@dataclass(frozen=True)
class Exported:
    """What was written: pages of demos, states, bytes as they are and as a server sends them, CPU seconds."""

    folder: Path
    demos: int
    states: int
    nbytes: int
    compressed: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.demos} demo{'s' * (self.demos > 1)}, {self.states:,} states, {self.nbytes / 1e6:.1f} MB "
            f"({self.compressed / 1e6:.1f} MB compressed), {self.seconds:.0f} s of processor time.\n"
            f"Open {self.folder / 'index.html'} in a browser; the folder needs no server and no network."
        )


def export(lectures: Path, folder: Path, name: str | None = None) -> Exported:
    """Write all demos of `lectures`, or the one called `name`, as pages into `folder`, which must be empty.

    Raises UserError where it is not, or where there is no such demo.
    """
    folder = folder.absolute()
    demos = sorted(path.stem for path in lectures.glob("*.ipynb") if path.stem != GALLERY)
    if name is not None and name not in demos:
        raise UserError(f"There is no demo {name!r}; there are: {', '.join(demos)}.")
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UserError(f"{folder} is there and not an empty folder; name one that is new or empty.")
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    # A polite kill takes the same way out as Ctrl-C, which leaves nothing behind.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        partial.mkdir(parents=True)
        states, seconds = _write(lectures, partial, [name] if name else demos)
        sizes = [
            (path.stat().st_size, len(gzip.compress(path.read_bytes(), 6)))
            for path in partial.rglob("*")
            if path.is_file()
        ]
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        signal.signal(signal.SIGTERM, before)
        shutil.rmtree(partial, ignore_errors=True)
    nbytes, compressed = (sum(column) for column in zip(*sizes, strict=True))
    return Exported(folder, 1 if name else len(demos), states, nbytes, compressed, seconds)


def _write(lectures: Path, folder: Path, demos: list[str]) -> tuple[int, float]:
    """Fill `folder`; returns the states and the processor's seconds of all demos."""
    from plotly.offline import get_plotlyjs

    (folder / "plotly.min.js").write_text(get_plotlyjs(), "utf-8")
    narrowest = _narrowest()
    for part in ("page.js", "page.css"):
        text = (HERE / part).read_text("utf-8").replace("${narrowest}", str(narrowest))
        (folder / part).write_text(text, "utf-8")
    footer = _footer()
    pictures = lectures / "pictures"
    if pictures.is_dir():
        shutil.copytree(pictures, folder / "pictures")
    texts = [source for kind, source in cells(lectures / f"{GALLERY}.ipynb") if kind == "markdown"]
    if len(demos) == 1:
        texts = [_only(text, demos[0]) for text in texts]
    _page(folder / "index.html", "\n\n".join(texts), footer, "")
    states, seconds = 0, 0.0
    workers = max(1, min(cores(), len(demos), MOST_WORKERS))
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread)
    try:
        with Progress(len(demos), "computing every state of the demos") as bar:
            longest_first = sorted(demos, key=lambda one: one not in grid.MORE)
            running = [
                pool.submit(_write_demo, lectures / f"{one}.ipynb", folder, footer) for one in longest_first
            ]
            for done in as_completed(running):
                name, more, spent = done.result()
                states, seconds = states + more, seconds + spent
                bar.update(note=name)
    except BaseException:
        for worker in set(active_children()) - others:
            worker.terminate()  # what it computes is thrown away
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return states, seconds


def _only(gallery: str, name: str) -> str:
    """The gallery's text with the one row that leads to this demo."""
    lines = gallery.split("\n")
    return "\n".join(line for line in lines if not line.startswith("| ") or f"({name}.ipynb)" in line
                     or set(line) <= set("| -"))  # fmt: skip


def _one_thread() -> None:
    """In each process before torch is there: several with all cores each are slower than one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that waits
    os.environ["OMP_NUM_THREADS"] = "1"


def _narrowest() -> int:
    from course_lib.demos import look

    return look.NARROWEST


def _footer() -> str:
    where, day = machine()["processor"], datetime.date.today()
    return (
        f"Computed on {html.escape(where)}, {day:%B} {day.day}, {day.year}, by the course's own code, "
        f"version {version()}. This page shows what was computed there; the demo itself computes while you "
        "watch, in the course: <code>./course demo</code>"
    )


def _write_demo(path: Path, folder: Path, footer: str) -> tuple[str, int, float]:
    """In a process of its own: a demo's page and its states; returns name, states and processor seconds."""
    found = lecture(path)
    stages = [block for block in found.blocks if isinstance(block, Explored)]
    demos = [{"controls": one.controls, "options": one.options, "tree": one.tree} for one in stages]
    (folder / f"{found.name}.js").write_text(
        f"const VALUES = {_json(found.values)};\nconst DEMOS = {_json(demos)};\n", "utf-8"
    )
    scripts = "\n".join(
        f'<script src="{one}" defer></script>' for one in ("plotly.min.js", f"{found.name}.js", "page.js")
    )
    _page(folder / f"{found.name}.html", _text(found), footer, scripts)
    return found.name, sum(one.figures for one in stages), found.seconds


def _json(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _text(found: Lecture) -> str:
    """A lecture as Markdown: a place for each demo where its cell stands."""
    parts, number = [], 0
    for block in found.blocks:
        if isinstance(block, Explored):
            parts.append(_place(number, block))
            number += 1
        else:
            parts.append(block)
    return "\n\n".join(parts)


def _place(number: int, found: Explored) -> str:
    missing = []
    if found.left_out:
        missing.append(
            "Not every value of each control is here: " + "; ".join(found.left_out)
            + ". The live demo has them all."
        )  # fmt: skip
    if found.texts:
        missing.append(
            f"Only the live demo takes text of your own ({' and '.join(found.texts)}); here are its examples."
        )
    if found.trains:
        missing.append(
            "All networks here were trained before; only the live demo trains them while you watch."
        )
    said = html.escape(" ".join(missing) or "Every state of the controls is here.")
    return (
        f'<section id="demo-{number}"><div class="controls"></div><div class="texts"></div>'
        '<p class="finding"></p><p class="detail"></p><div class="figure"><div class="plot"></div></div>'
        f'<div class="notes"></div><div role="status" class="heard"></div><p class="missing">{said}</p>'
        "</section>"
    )


def _page(path: Path, text: str, footer: str, scripts: str) -> None:
    """Write Markdown as a page; links to notebooks lead to their pages."""
    from nbconvert.filters import markdown2html

    body = re.sub(r'href="(\w+)\.ipynb"', lambda m: f'href="{_file(m[1])}"', markdown2html(text))
    body = re.sub(r'<a class="anchor-link".*?</a>', "", body)
    title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
    page = Template((HERE / "page.html").read_text("utf-8"))
    path.write_text(
        page.substitute(title=html.escape(title), scripts=scripts, body=body, footer=footer), "utf-8"
    )


def _file(name: str) -> str:
    return "index.html" if name == GALLERY else f"{name}.html"
