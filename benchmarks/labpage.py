"""JupyterLab started by `./course lab`, and a page of it in a real Chromium: used by tests and benchmarks."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from course_lib.commands.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
# JupyterLab would restore what an earlier page of the same server had open.
NO_OTHER_TABS = "&reset"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]


@contextlib.contextmanager
def lab(workspace: Path, command: str = "lab", environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run `./course lab` (or teach) on `workspace`; yields the address it prints, and stops it afterwards."""
    environment = {**environment, "COURSE_WORKSPACE": str(workspace), "OMP_NUM_THREADS": "2"}
    with started(command, "--LabApp.expose_app_in_browser=True", environment=environment) as address:
        yield address


@contextlib.contextmanager
def started(*words: str, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run a command of ./course that starts a server; yields the address that it prints, and stops it."""
    command = [sys.executable, "-m", "course_lib", words[0], "--no-browser"]
    command += ["--port", str(free_port(None, 18888)), *words[1:]]
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if " runs at http" in line:
                yield line.split(" runs at ")[1].strip()
                return
        raise RuntimeError("the command ended without an address: " + "".join(said))
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def launched(playwright) -> Iterator:
    """The system's Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(found for name in names if (found := shutil.which(name)))
    browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
    try:
        yield browser
    finally:
        browser.close()


@contextlib.contextmanager
def context(browser, scale: float = 1) -> Iterator:
    """Pages that share nothing with others of this browser, 1400 by 1000 CSS pixels."""
    size = {"width": 1400, "height": 1000}
    fresh = browser.new_context(viewport=size, device_scale_factor=scale)
    try:
        yield fresh
    finally:
        fresh.close()


@contextlib.contextmanager
def chromium(playwright, scale: float = 1) -> Iterator:
    """A Chromium of its own and a context in it."""
    with launched(playwright) as browser, context(browser, scale) as fresh:
        yield fresh


@dataclass
class LabPage:
    """One page of JupyterLab: what it logged as errors, and what it asked of other machines."""

    page: object
    address: str
    console_errors: list[str] = field(default_factory=list)
    requests_elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", lambda m: self._note_error(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note_error(str(error)))
        self.page.on("request", self._note_request)

    def _note_error(self, text: str) -> None:
        # anywidget says this when a widget takes over two seconds to begin, as Plotly does on a busy machine;
        # the demo begins such a figure again, and whoever asks for its plot would notice if it did not.
        if "[anywidget] Failed to initialize model." not in text:
            self.console_errors.append(text)

    def _note_request(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {
            "127.0.0.1",
            "localhost",
        }:
            self.requests_elsewhere.append(request.url)

    def open_start(self) -> None:
        """The page the printed address leads to."""
        self.page.goto(self.address + NO_OTHER_TABS)
        self.page.wait_for_selector(".jp-MarkdownViewer h1, .jp-RenderedMarkdown h1")

    def open_notebook(self, path: str) -> None:
        """Open `path` (relative to the workspace) and wait for its kernel."""
        parts = urlsplit(self.address)
        self.page.goto(
            f"{parts.scheme}://{parts.netloc}/lab/tree/{quote(path)}?{_token(parts.query)}{NO_OTHER_TABS}"
        )
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.evaluate("async () => await jupyterapp.shell.currentWidget.sessionContext.ready")

    def open_instead(self, path: str) -> None:
        """As `open_notebook`, in the JupyterLab that the page shows if it does; what is open there is closed.

        To load JupyterLab once more would cost four seconds of processor.
        """
        if self.page.evaluate("!globalThis.jupyterapp"):
            self.open_notebook(path)
            return
        self.shut_down()
        self.page.evaluate(
            """async path => {
                const options = { path, factory: 'Notebook' };
                const notebook = await jupyterapp.commands.execute('docmanager:open', options);
                await notebook.context.ready;
                await notebook.sessionContext.ready;
            }""",
            path,
        )

    def run_all(self, timeout_s: float = 120) -> None:
        """Run every cell and return when the last has ended; an error in a cell stops the run there."""
        self.page.set_default_timeout(timeout_s * 1e3)
        self.page.evaluate("async () => await jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.set_default_timeout(30e3)

    def run_through(self, cell_id: str) -> None:
        """Run the cells from the first to the one with this id."""
        self.page.evaluate(
            """async (id) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                const last = notebook.widgets.findIndex(cell => cell.model.id === id);
                if (last < 0) throw new Error(`no cell ${id}`);
                for (let i = 0; i <= last; i++) {
                    notebook.activeCellIndex = i;
                    await jupyterapp.commands.execute('notebook:run-cell');
                }
            }""",
            cell_id,
        )

    def cell_errors(self) -> list[str]:
        """`name: message` of every error output in the open notebook."""
        return self.page.evaluate(
            """() => [...jupyterapp.shell.currentWidget.content.model.cells]
                .filter(cell => cell.type === 'code')
                .flatMap(cell => cell.outputs.toJSON())
                .filter(output => output.output_type === 'error')
                .map(output => `${output.ename}: ${output.evalue}`)"""
        )

    def outputs(self) -> dict[str, int]:
        """Code cell's id -> how many outputs it has."""
        return self.page.evaluate(
            """() => Object.fromEntries([...jupyterapp.shell.currentWidget.content.model.cells]
                .filter(cell => cell.type === 'code')
                .map(cell => [cell.id, cell.outputs.length]))"""
        )

    def shut_down(self) -> None:
        """Close what is open and end its kernel, if a notebook is open: it would keep its memory."""
        self.page.evaluate(
            """async () => {
                const open = globalThis.jupyterapp?.shell.currentWidget;
                const session = open?.sessionContext?.session?.id;
                open?.dispose();  // first: without a kernel its widgets would complain
                if (session) await jupyterapp.serviceManager.sessions.shutdown(session);
            }"""
        )

    def slider(self, description: str):
        """The handle of the ipywidgets slider with this description: it takes the mouse and arrow keys."""
        row = self.page.locator(".widget-slider, .widget-hslider").filter(has_text=description).first
        return row.locator(".noUi-handle")

    def save(self) -> None:
        """Save the open notebook to disk."""
        self.page.evaluate("async () => await jupyterapp.commands.execute('docmanager:save')")


def _token(query: str) -> str:
    return next(part for part in query.split("&") if part.startswith("token="))
