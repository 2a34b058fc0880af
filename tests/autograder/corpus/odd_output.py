"""Right answers that print, plot, warn and ask on the way."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import Case

BODY = "return sum(value * value for value in values) / len(values)"


def noisy(name: str, about: str, inside: str, before: str = "") -> Case:
    """`inside` runs in each call of mean_square, `before` once, in its cell."""
    return Case(name, about, mean_square=f"{before}\ndef mean_square(values):\n    {inside}\n    {BODY}")


def beside(name: str, about: str, *cells: str, **more) -> Case:
    """`cells` are the student's own, before all others."""
    return Case(name, about, before=cells, **more)


CASES = [
    noisy("prints", "a line printed in each call", "print('values:', values, flush=True)"),
    noisy("stderr", "progress on standard error", "print('50 %', file=sys.stderr)", "import sys"),
    noisy("warnings", "a warning in each call", "warnings.warn('slow')", "import warnings"),
    noisy("warnings_as_errors_elsewhere", "a deprecation warning in each call",
          "warnings.warn('old', DeprecationWarning)", "import warnings\nwarnings.simplefilter('always')"),
    noisy("logging", "log lines at every level", "log.error('called'); log.debug('called')",
          "import logging\nlogging.basicConfig(level=0)\nlog = logging.getLogger('mine')"),
    noisy("progress_bar", "tqdm around the loop",
          "for _ in tqdm(values, desc='squares'): pass",
          "try:\n    from tqdm.auto import tqdm\nexcept ImportError:\n    tqdm = lambda values, **_: values"),
    noisy("carriage_returns", "a bar drawn with carriage returns and escape codes",
          "print('\\r\\x1b[31m#####\\x1b[0m', end='')"),
    noisy("displays_when_called", "displays from inside the function",
          "display(HTML('<b>called</b>'))", "from IPython.display import HTML, display"),
    noisy("prints_non_ascii", "output in many scripts, emoji and lone surrogates",
          "print('größer ≥ 数 العربية 🙂', '\\ud800'.encode('utf-8', 'replace'))"),
    noisy("prints_bytes", "bytes that are no text, written below Python", "os.write(1, bytes(range(256)))", "import os"),
    noisy("moderate_flood", "ten thousand lines in each call", "for i in range(10_000): print(i)"),
    noisy("subprocess_output", "a program that prints", "subprocess.run(['echo', 'hello'])", "import subprocess"),
    beside("asks_for_a_name", "input() in a cell, for whoever sits there",
           "name = input('Who are you? ')\nprint('Hello', name)"),
    beside("asks_for_a_number", "int(input()), which fails where nobody answers", "n = int(input('How many? '))"),
    beside("asks_for_a_password", "getpass in a cell", "import getpass\nsecret = getpass.getpass()"),
    beside("plots", "a plotly figure", "import plotly.graph_objects as go\n"
           "figure = go.Figure(go.Scatter(y=[1, 4, 9]))\nfigure"),
    beside("shows_a_plot", "figure.show(), which opens a browser elsewhere",
           "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show()"),
    beside("matplotlib", "a matplotlib figure with its magic",
           "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    beside("widgets", "sliders, interact and an output widget",
           "import ipywidgets\nfrom IPython.display import display\n"
           "display(ipywidgets.IntSlider(3))\nout = ipywidgets.Output()\n"
           "with out:\n    print('inside')\nout",
           "import ipywidgets\n@ipywidgets.interact(x=(0, 5))\ndef square(x=2):\n    return x * x"),
    beside("rich_displays", "HTML, Markdown, LaTeX, SVG, JSON, clear_output, updated displays",
           "from IPython.display import *\ndisplay(HTML('<i>x</i>'), Markdown('*x*'), Latex('$x$'), Math('x^2'), JSON({}))\n"
           "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))\nclear_output(wait=True)\n"
           "handle = display('a', display_id=True)\nhandle.update('b')"),
    beside("data_frame", "a table by pandas, where there is pandas", "import pandas as pd\npd.DataFrame({'x': [1, 2]})"),
    beside("long_output", "a hundred thousand lines printed", "for i in range(100_000): print(i)"),
    beside("wide_output", "a line of a megabyte printed", "print('x' * 1_000_000)"),
    beside("broken_repr", "a last value whose text raises",
           "class Broken:\n    def __repr__(self): raise RuntimeError('no text')\nBroken()"),
    beside("null_characters", "output with null and control characters", "print('\\x00\\x01\\x08\\x0b\\x7f\\u2028\\u202e')"),
    beside("standard_streams_kept", "standard output redirected and put back",
           "import sys, io, contextlib\nold = sys.stdout\nsys.stdout = io.StringIO()\nprint('hidden')\nsys.stdout = old\n"
           "with contextlib.redirect_stdout(io.StringIO()): print('also hidden')"),
    beside("standard_output_lost", "standard output redirected and never put back",
           "import sys, io\nsys.stdout = sys.stderr = io.StringIO()"),
    beside("standard_output_closed", "standard output closed by mistake", "import sys\nsys.stdout.close()"),
    noisy("prints_half_a_character", "half of a surrogate pair, printed in each call", "print('\\ud800')"),
    beside("half_a_character_in_text", "half of a surrogate pair on both streams",
           "import sys\nprint('a\\ud800')\nprint('\\udfffb', file=sys.stderr)"),
    beside("half_a_character_in_an_error", "an exception whose message and name hold one",
           "raise type('\\ud800', (ValueError,), {})('\\udfff')"),
    beside("half_a_character_as_a_result", "a cell's last value is one", "'\\ud800'"),
    beside("half_a_character_in_data", "displayed data of a type and a text that hold one",
           "from IPython.display import display\ndisplay({'text/\\ud800': '\\ud800', 'text/plain': 'x\\udfff'}, raw=True)"),
    beside("deep_json", "JSON nested a hundred deep, shown",
           "from IPython.display import JSON\ndeep = []\nfor _ in range(100):\n    deep = [deep]\nJSON(deep)"),
    beside("figure_of_a_million_points", "a figure with a million numbers",
           "import plotly.graph_objects as go\ngo.Figure(go.Heatmap(z=[[float(i) for i in range(1000)]] * 1000))", apart=True),
    beside("figure_of_many_points", "JSON with more numbers than are kept",
           "from IPython.display import display\ndisplay({'application/json': [0] * 6_000_000}, raw=True)"),
]  # fmt: skip
