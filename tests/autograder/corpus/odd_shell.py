"""Right answers whose solution cells use what a notebook can do besides Python: shells, magics, files, await."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.assignment import MEAN_SQUARE
from tests.autograder.corpus.case import Case, fair

MEAN = "sum(v * v for v in values) / len(values)"
FUNCTION = f"def mean_square(values):\n    return {MEAN}"


def solved(name: str, about: str, source: str, **more) -> Case:
    """`source` is the cell of mean_square."""
    return Case(name, about, mean_square=source, **more)


def with_(name: str, about: str, above: str, below: str = "", **more) -> Case:
    """The function between two parts of its own cell."""
    return solved(name, about, f"{above}\n\n{FUNCTION}\n\n{below}", **more)


CASES = [
    solved("power_from_a_command", "the exponent is what a command printed", """\
power = !echo 2
name = "two"
answer = !echo {name} $name

def mean_square(values):
    assert answer == ["two two"]
    return sum(v ** int(power[0]) for v in values) / len(values)"""),
    solved("command_when_called", "a command, by ! and by four ways of Python, in each call", """\
import os, subprocess

def mean_square(values):
    !echo {values[0]} > first.txt
    os.system("echo 2 > power.txt")
    power = int(os.popen("cat power.txt").read()) * int(subprocess.check_output(["echo", "1"]))
    power *= int(get_ipython().getoutput("echo 1")[0])
    assert float(open("first.txt").read()) == values[0]
    return sum(v ** power for v in values) / len(values)"""),
    with_("echo_in_a_solution", "! before and after the function", "!echo start\n!ls -l | head -2", "!echo end; false"),
    with_("pip_in_a_solution", "%pip and !pip list", "%pip --version\n!pip --version | cut -c1-3"),
    solved("exit_status_of_a_command", "a command fails, and the cell looks at how", f"""\
!sh -c 'exit 3'
assert _exit_code == 3
!echo fine
assert _exit_code == 0

{FUNCTION}"""),
    Case("module_by_writefile_and_run", "%%writefile beside, %run in the solution",
         before=("%%writefile squares.py\nimport sys\nPOWER = int(sys.argv[1])",),
         mean_square="%run squares.py 2\n\ndef mean_square(values):\n    return sum(v ** POWER for v in values) / len(values)"),
    Case("table_by_bash", "%%bash writes the file that the solution reads",
         before=("%%bash\nset -e\nfor i in 1 2 3; do echo $i >> table.txt; done", "%%script sh\necho 2 > power.txt"),
         mean_square="rows = open('table.txt').read().split()\nassert rows == ['1', '2', '3']\n\n"
         "def mean_square(values):\n    power = int(open('power.txt').read())\n    return sum(v ** power for v in values) / len(values)"),
    solved("timed_solution", "%%time above the definition itself", f"%%time\n{FUNCTION}\nmean_square([1.0, 2.0])"),
    solved("captured_solution", "%%capture above the definition itself", f"%%capture output\nprint('quiet')\n{FUNCTION}"),
    solved("profiled_solution", "%%prun above a cell that only uses the function, and %timeit",
           f"{FUNCTION}\n\n%timeit -n 2 -r 1 mean_square([1.0, 2.0])\n%prun -q mean_square([1.0])\n%time _ = mean_square([3.0])"),
    with_("plot_in_a_solution", "plotly's figures and %matplotlib inline", "import plotly.graph_objects as go",
          "go.Figure(go.Scatter(x=[1, 2], y=[mean_square([1]), mean_square([2])])).show()\ngo.Figure()\n%matplotlib inline"),
    solved("awaited_solution", "await, async with and async for at the top of the solution cell", f"""\
import asyncio, contextlib

async def two():
    await asyncio.sleep(0)
    return 2

@contextlib.asynccontextmanager
async def opened():
    yield 1

power = await two()
async with opened() as one:
    power *= one
results = await asyncio.gather(two(), two())

{FUNCTION.replace('v * v', 'v ** power')}"""),
    solved("asked_in_a_solution", "input() for something the answer does not need",
           f"name = input('Your name? ')\nprint(f'Hello {{name}}')\n{FUNCTION}"),
    solved("files_of_a_solution", "arrays, pickles, tables and a database, written in the cell and read in each call", f"""\
import csv, json, pickle, pathlib, sqlite3

class Power:
    value = 2

np.save("power.npy", np.array([2]))
pickle.dump(Power(), open("power.pickle", "wb"))
json.dump({{"power": 2}}, open("power.json", "w"))
torch.save(torch.tensor(2), "power.pt")
with sqlite3.connect("power.db") as database:
    database.execute("CREATE TABLE powers (value)")
    database.execute("INSERT INTO powers VALUES (2)")
pathlib.Path("deep/er").mkdir(parents=True)
with open("deep/er/power.csv", "w", newline="") as file:
    csv.writer(file).writerow([2])

def mean_square(values):
    powers = [np.load("power.npy")[0], pickle.load(open("power.pickle", "rb")).value, json.load(open("power.json"))["power"],
              torch.load("power.pt").item(), sqlite3.connect("power.db").execute("SELECT value FROM powers").fetchone()[0],
              int(next(csv.reader(open("deep/er/power.csv")))[0])]
    assert set(powers) == {{2}}
    return {MEAN}"""),
    solved("progress_in_a_solution", "tqdm, logging to a file and to the screen, and prints, in the cell and in each call", """\
import logging, sys
from tqdm.auto import tqdm, trange
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
logging.getLogger("mine").addHandler(logging.FileHandler("mine.log"))
for _ in trange(1000): pass

def mean_square(values):
    logging.getLogger("mine").warning("called with %s", values)
    total = sum(v * v for v in tqdm(values, leave=False))
    print(*("x" * 100 for _ in range(200)), sep="\\n")
    return total / len(values)"""),
    solved("state_that_grows", "every call counts, and answers with help of what is kept", """\
from collections import defaultdict
calls, seen = 0, defaultdict(int)

def square(v):
    global calls
    calls += 1
    seen[v] += 1
    return v * v

def mean_square(values):
    before = calls
    total = sum(map(square, values))
    assert calls == before + len(values)
    return total / len(values)"""),
    solved("warnings_are_errors", "warnings are errors, and one is caught in each call", f"""\
import warnings
warnings.simplefilter("error")

def mean_square(values):
    try:
        warnings.warn("careful", UserWarning)
    except UserWarning:
        return {MEAN}"""),
    solved("thousands_of_calls", "a recursion of some thousand calls after the limit was raised", """\
import sys
sys.setrecursionlimit(20_000)

def down(n):
    return 0 if n == 0 else 1 + down(n - 1)

def mean_square(values):
    assert down(5000) == 5000
    return sum(v * v for v in values) / len(values)"""),
    with_("error_below_a_solution", "the cell ends with an error whose text cannot be read", """\
class Broken(Exception):
    def __str__(self):
        return self.code  # there is none""", "raise Broken"),
    with_("error_that_returns_no_text", "the same with __str__ and __repr__ that return numbers", """\
class Broken(Exception):
    __str__ = __repr__ = lambda self: 404""", "raise Broken('lost') from Broken('before')"),
    with_("error_groups_below", "the cell ends with groups of errors", "", """\
async def fails():
    raise ValueError("one")

import asyncio
async with asyncio.TaskGroup() as group:
    group.create_task(fails())"""),
    with_("error_in_a_representation", "the last value's text ends with SystemExit", """\
class Shy:
    def __repr__(self):
        raise SystemExit("no text")""", "Shy()"),
    with_("error_in_a_property", "a display hook and an attribute that fail", """\
class Proud:
    def __getattr__(self, name):
        raise KeyboardInterrupt(name)""", "Proud()"),
    with_("keys_of_all_kinds", "displayed data with keys that are no text", "from IPython.display import JSON, display",
          "display({1: 2, None: 3, 'text/plain': 'x'}, raw=True)\ndisplay(JSON({1: {2: float('nan')}, 'x': float('inf')}))\n"
          "display({('a', 'b'): 4}, raw=True)"),
    with_("main_guard", "what stands below if __name__ == '__main__' is run", "from __future__ import annotations", """\
if __name__ == "__main__":
    import __main__
    assert __main__.mean_square is mean_square
    print(mean_square([1.0, 2.0]))"""),
    with_("tree_of_thirty", "JSON nested thirty deep below the function", "from IPython.display import JSON\n"
          "tree = {}\nfor _ in range(30): tree = {'left': tree, 'right': [1, 2]}", "JSON(tree)"),
    with_("redefined_display", "print, display and input are names of the student's own",
          "def print(*a, **k): pass\ndef display(*a): return None\ninput = 'x'", "print('nothing'); display(1)"),
    with_("thousand_outputs", "a thousand displays and as many updates of one", "from IPython.display import clear_output, display",
          "handle = display(0, display_id=True)\nfor i in range(1000):\n    handle.update(i); display(i)\n    clear_output(wait=True)"),
    Case("half_finished", "a right function above a line that is no Python in the other task",
         fair(softmax=(0, 0)), mean_square=MEAN_SQUARE, softmax="def softmax(scores):\n    return scores\n\n%%bash\necho no"),
]  # fmt: skip
