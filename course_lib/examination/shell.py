"""IPython without a kernel: runs a cell and keeps its outputs as a notebook does (nbformat 4)."""

import base64
import builtins
import contextlib
import io
import json
import signal
import sys

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_lib.examination import programs
from course_lib.examination.messages import MAX_DEPTH

MAX_TEXT = 200_000  # characters a cell may print
MAX_OUTPUT = 16 << 20  # characters of all that one cell shows
MAX_OUTPUTS = 500
MAX_PARTS = 3_000_000  # values of all that one cell shows
MAX_QUESTIONS = 100
MAX_LINE = 4000  # characters of an error's message, and of each line that says where it was


class CellTimeout(Exception):
    """A cell took longer than it may."""


class Outputs:
    """What one cell showed, in order, within limits."""

    def __init__(self):
        self.found: list[dict] = []
        self.cut = False
        self._named: dict[str, dict] = {}  # what a cell shows under a name, to change it later
        self._room, self._text_room, self._parts = MAX_OUTPUT, MAX_TEXT, MAX_PARTS

    def stream(self, name: str, text: str) -> None:
        """Text printed to stdout or stderr, joined to what was printed there just before."""
        text = self._fitting(text)
        if text and self.found and self.found[-1].get("name") == name:
            self.found[-1]["text"] += text
        elif text:
            self.add({"output_type": "stream", "name": name, "text": text})

    def _fitting(self, text: str) -> str:
        kept = text[: max(0, self._text_room)]
        self._text_room -= len(kept)
        self.cut |= len(kept) < len(text)
        return kept

    def add(self, output: dict, name: str | None = None) -> None:
        """Any other output; one too many, too large or nested too deeply is left out."""
        if (plain := self._within_limits(output)) is not None:
            self.found.append(plain)
            if name is not None:
                self._named[name] = plain

    def change(self, output: dict, name: str | None) -> None:
        """What this cell shows under that name becomes `output`, which counts as one more."""
        if name in self._named and (plain := self._within_limits(output)) is not None:
            self._named[name].update(plain)

    def _within_limits(self, output: dict) -> dict | None:
        if len(self.found) >= MAX_OUTPUTS:
            self.cut = True
            return None
        text = json.dumps(output, default=_as_text)
        parts = 2 * sum(map(text.count, ",[{"))  # at least as many as there are
        fits = len(text) <= self._room and parts <= self._parts
        plain = json.loads(text) if fits else None
        if not fits or _is_deeper(plain, MAX_DEPTH):
            self.cut = True
            return None
        self._room -= len(text)
        self._parts -= parts
        return plain


def _is_deeper(value, most: int) -> bool:
    """Whether lists and dictionaries in `value` nest more than `most` deep."""
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _as_text(value) -> str:
    """Images are bytes; a notebook keeps them in base 64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


class _Stream(io.TextIOBase):
    encoding, errors = "utf-8", "replace"

    def __init__(self, shell: "Shell", name: str):
        self._shell, self.name = shell, name

    def write(self, text: str) -> int:
        self._shell.outputs.stream(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """Where programs may write that want a file: what they do is not kept."""
        return 1 if self.name == "stdout" else 2


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, *, transient=None, update=False, **_) -> None:
        outputs, name = self.shell.outputs, (transient or {}).get("display_id")
        output = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
        (outputs.change if update else outputs.add)(output, name)

    def clear_output(self, wait=False) -> None:
        self.shell.outputs.found.clear()


class _ResultHook(DisplayHook):
    def __call__(self, result=None) -> None:
        if result is None or self.quiet():
            return
        self.shell.value = result
        self.check_for_underscore()
        data, metadata = self.compute_format_data(result)
        self.update_user_ns(result)
        self.shell.outputs.add(
            {"output_type": "execute_result", "data": data, "metadata": metadata, "execution_count": None}
        )

    def quiet(self) -> bool:
        """Whether the cell ends in a semicolon; IPython reads all of its tokens for that."""
        cells = self.shell.history_manager.input_hist_parsed
        return any(";" in cell for cell in cells[-1:]) and super().quiet()


class Shell(InteractiveShell):
    """The shell of one notebook. One a process; `get_ipython()` finds it."""

    def __init__(self, **options):
        self.outputs = Outputs()
        self.succeeded, self.value = False, None  # how the last cell ended, and what it showed as its value
        config = Config()
        config.HistoryManager.enabled = False  # it would start a thread and write to the home folder
        config.InteractiveShell.display_page = True
        config.InteractiveShell.xmode = "Plain"  # the others read and color source for seconds
        super().__init__(
            config=config,
            display_pub_class=_Publisher,
            displayhook_class=_ResultHook,
            colors="nocolor",
            **options,
        )

    def enable_gui(self, gui=None) -> None:
        """There is no window to draw in."""

    def system_piped(self, cmd: str) -> None:
        """Run a command of the shell (!), whose exit status is kept under the name that IPython gives it."""
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        self.user_ns["_exit_code"] = programs.run(self.var_expand(cmd, depth=1), sys.stdout.write)

    system = system_piped

    def _showtraceback(self, etype, evalue, stb) -> None:
        self.outputs.add(
            {
                "output_type": "error",
                "ename": etype.__name__[:MAX_LINE],
                "evalue": str(evalue)[:MAX_LINE],
                "traceback": [line[:MAX_LINE] for line in list(stb)[:50]],
            }
        )

    def run(self, source: str, seconds: float = 0) -> list[dict]:
        """Run one cell and return its outputs; after `seconds` CellTimeout is raised in it (0: never)."""
        self.outputs = Outputs()
        self.succeeded, self.value = False, None
        # quit() ends nothing here.
        with _redirected(self), _unanswered(), _alarm(seconds), contextlib.suppress(SystemExit):
            self.succeeded = self.run_cell(source, store_history=True).success
        if self.outputs.cut:
            note = "[The rest of the output is left out: there was too much of it.]\n"
            self.outputs.found.append({"output_type": "stream", "name": "stderr", "text": note})
        return self.outputs.found

    @contextlib.contextmanager
    def quiet(self):
        """What is printed and shown meanwhile is dropped."""
        self.outputs = Outputs()
        with _redirected(self), _unanswered():
            yield


@contextlib.contextmanager
def _redirected(shell: Shell):
    with (
        contextlib.redirect_stdout(_Stream(shell, "stdout")),
        contextlib.redirect_stderr(_Stream(shell, "stderr")),
    ):
        yield


@contextlib.contextmanager
def _unanswered():
    """Nobody answers a question; an empty line lets the rest of the cell run."""
    count = 0

    def answer(prompt="", /):
        nonlocal count
        count += 1
        if count > MAX_QUESTIONS:
            raise EOFError("nobody is here to answer")
        print(prompt)
        return ""

    before, builtins.input = builtins.input, answer
    try:
        yield
    finally:
        builtins.input = before


@contextlib.contextmanager
def _alarm(seconds: float):
    def ring(number, frame):
        raise CellTimeout(f"the cell took more than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    # Again and again: whoever is interrupted may take the exception for an error of its own and go on.
    signal.setitimer(signal.ITIMER_REAL, seconds, max(1.0, seconds / 10))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def prepare() -> Shell:
    """This process's shell, made once: a process that is about to fork others makes it for all of them."""
    shell = Shell.instance()
    sys.modules["__main__"] = shell.user_module  # what a notebook defines can then be found by its module
    return shell
