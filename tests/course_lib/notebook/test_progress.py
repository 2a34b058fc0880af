import contextlib
import io

import nbformat
from nbclient import NotebookClient

from course_lib.notebook.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@contextlib.contextmanager
def terminal():
    with contextlib.redirect_stdout(Terminal()) as screen:
        yield screen


def test_a_terminal_gets_one_line_that_is_rewritten_and_ends():
    with terminal() as screen, Progress(1000, "training") as bar:
        for _ in range(1000):
            bar.update(1, "loss 0.1")
    assert screen.getvalue().count("\n") == 1
    last = screen.getvalue().split("\r\x1b[2K")[-1]
    assert last.startswith(f"training [{'=' * 24}] 100%")
    assert last.endswith("loss 0.1\n")


def test_drawing_is_throttled(monkeypatch):
    clock = iter(i / 1000 for i in range(100_000))  # each look at the clock costs a millisecond
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    with terminal() as screen, Progress(2000, "x") as bar:
        for _ in range(2000):
            bar.update()
    assert 3 < screen.getvalue().count("\r") < 8


def test_a_hidden_bar_draws_nothing_even_in_a_terminal():
    with terminal() as screen, Progress(3, "training", show=False) as bar:
        bar.update(3)
    assert screen.getvalue() == ""


def test_a_log_file_gets_nothing(capfd):
    with Progress(3, "training") as bar:
        bar.update(3)
    assert capfd.readouterr() == ("", "")


def test_a_download_of_unknown_size_does_not_divide_by_zero():
    with terminal() as screen:
        bar = Progress(0, "downloading")
        bar.update(1024)
        bar.reset()
        bar.close()
    assert "downloading" in screen.getvalue()


def test_the_bar_can_be_read_by_a_screen_reader_and_escapes_its_label():
    bar = Progress(4, "a<b", show=False)
    bar.update(1, "<i>")
    html = bar._repr_html_()
    assert "value='1' max='4'" in html
    assert "aria-label='a&lt;b'" in html
    assert "&lt;i&gt;" in html


def test_a_notebook_keeps_one_output_with_the_last_state_and_an_empty_stderr():
    code = """
import time
from course_lib.notebook.progress import Progress
with Progress(40, "training") as bar:
    for i in range(40):
        time.sleep(0.01)
        bar.update(1, f"loss {i}")
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert "100%" in output.data["text/plain"]
    assert "loss 39" in output.data["text/html"]
