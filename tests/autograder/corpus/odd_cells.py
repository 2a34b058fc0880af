"""Right answers in notebooks whose cells were added, copied, split, moved, removed or failed."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.assignment import MEAN_SQUARE, SETUP, SOFTMAX, cell, stub
from tests.autograder.corpus.case import LOST, NOTHING, Case, code, copied, fair


def arranged(name: str, about: str, change, points=None) -> Case:
    """`change` is what happened to the cells."""
    return Case(name, about, points or fair(), change=change)


def beside(name: str, about: str, *cells: str, **more) -> Case:
    """`cells` stand above all others."""
    return Case(name, about, before=cells, **more)


def at(notebook, grade_id: str) -> int:
    return notebook["cells"].index(cell(notebook, grade_id))


def remove(*grade_ids: str):
    def change(notebook):
        for name in grade_ids:
            notebook["cells"].remove(cell(notebook, name))

    return change


def copy_cells(*grade_ids: str):
    def change(notebook):
        for name in grade_ids:
            notebook["cells"].insert(at(notebook, name) + 1, copied(cell(notebook, name)))

    return change


def stub_copied_below(notebook):
    double = copied(cell(notebook, "q00_mean_square"))
    double["source"] = MEAN_SQUARE
    cell(notebook, "q00_mean_square")["source"] = stub("mean_square")
    notebook["cells"].insert(at(notebook, "q00_mean_square") + 1, double)


def move(grade_id: str, to: int):
    def change(notebook):
        notebook["cells"].insert(to, notebook["cells"].pop(at(notebook, grade_id)))

    return change


def tasks_swapped(notebook):
    first = at(notebook, "q00_mean_square")
    block = notebook["cells"][first : first + 3]
    del notebook["cells"][first : first + 3]
    last = at(notebook, "q00_softmax_hidden")
    notebook["cells"][last + 1 : last + 1] = block


def split(notebook):
    each = cell(notebook, "q00_softmax")
    rest = code("# a cell that a split left behind\npass", "rest")
    notebook["cells"].insert(at(notebook, "q00_softmax") + 1, rest)
    each["source"] = each["source"] + "\n"


def split_without_marks(notebook):
    notebook["cells"].insert(at(notebook, "q00_mean_square"), code(MEAN_SQUARE, "first-half"))
    cell(notebook, "q00_mean_square")["source"] = "mean_square([1.0, 2.0])"


def merged(notebook):
    cell(notebook, "q00_mean_square")["source"] = MEAN_SQUARE + "\n\n\n" + SOFTMAX
    notebook["cells"].remove(cell(notebook, "q00_softmax"))


def merged_with_setup(notebook):
    cell(notebook, "q00_mean_square")["source"] = SETUP + "\n\n\n" + MEAN_SQUARE
    notebook["cells"].remove(cell(notebook, "q00_setup"))


def merged_with_its_test(notebook):
    test = cell(notebook, "q00_mean_square_test")
    cell(notebook, "q00_mean_square")["source"] += "\n\n\n" + test["source"]
    notebook["cells"].remove(test)


def retyped(grade_id: str, kind: str):
    def change(notebook):
        each = cell(notebook, grade_id)
        each["cell_type"] = kind
        for field in ("outputs", "execution_count"):
            each.pop(field, None)

    return change


def answer_as_code(notebook):
    cell(notebook, "q00_explain").update(cell_type="code", outputs=[], execution_count=None)


def marks_removed(notebook):
    for each in notebook["cells"]:
        each["metadata"] = {}


def marks_of_the_task_removed(notebook):
    cell(notebook, "q00_mean_square")["metadata"] = {}


def only_the_work(notebook):
    names = ("q00_setup", "q00_mean_square", "q00_softmax")
    notebook["cells"] = [cell(notebook, name) for name in names]


def test_edited(notebook):
    each = cell(notebook, "q00_mean_square_test")
    each["source"] = "# let me see\nprint(mean_square([5.0]))\n" + each["source"].replace("9.0", "8.0")


def setup_edited(notebook):
    cell(notebook, "q00_setup")["source"] += "\nimport itertools as it\nnp.set_printoptions(precision=3)"


def answered(**written: str | None):
    def change(notebook):
        for task, source in written.items():
            cell(notebook, f"q00_{task}")["source"] = stub(task) if source is None else source

    return change


def blank_cells(notebook):
    notebook["cells"] = [part for i, each in enumerate(notebook["cells"])
                         for part in (code("", f"blank-{i}"), code("  \n\t\n", f"space-{i}"), each)]  # fmt: skip


def five_hundred_cells(notebook):
    notebook["cells"] += [code(f"a{i} = {i}", f"more-{i}") for i in range(500)]


HALF = fair(softmax=LOST)
CASES = [
    beside("exception_elsewhere", "an exception in a cell of the student's", "1 / 0"),
    beside("exit_elsewhere", "sys.exit(), exit() and quit()", "import sys\nsys.exit()", "exit()", "quit()"),
    beside("exit_with_text", "sys.exit with a message", "raise SystemExit('enough')"),
    beside("interrupted", "KeyboardInterrupt in a cell", "raise KeyboardInterrupt"),
    beside("generator_exit", "the other exceptions that are no Exception", "raise GeneratorExit",
           "raise BaseExceptionGroup('g', [KeyboardInterrupt()])", "raise StopIteration", "import asyncio\nraise asyncio.CancelledError"),
    beside("syntax_error", "a cell that is no Python, one with tabs and spaces, one that was never finished",
           "def broken(:", "if True:\n\tx = 1\n        y = 2", "text = '''never closed", apart=True),
    beside("recursion_error", "recursion without an end", "def f(): return f()\nf()"),
    beside("nested_brackets", "an expression too deep for the parser", "(" * 300 + ")" * 300, apart=True),
    beside("memory_error", "an array that no machine could hold", "import numpy as np\nnp.zeros(2**60)"),
    beside("magics", "line and cell magics", "%timeit -n1 -r1 sum(range(10))", "%%time\nx = 1", "!ls", "%pwd", "%who",
           "%%capture out\nprint(1)", "?len", "sum??", "%lsmagic", "%no_such_magic", "%%no_such_cell_magic\n1"),
    beside("shell_cell", "a cell in bash and one in HTML", "%%bash\necho hello\nls | head -1", "%%html\n<b>x</b>", "%%sh\nexit 3"),
    beside("pip_install", "%pip and !pip, where there is no network", "%pip --version", "!pip install --retries 0 --timeout 1 --dry-run no_such_package_here 2>&1 | tail -1"),
    beside("top_level_await", "await, async for and async with in cells", "import asyncio\nawait asyncio.sleep(0.01)",
           "async def two():\n    return 2\nassert await two() == 2\nasync def count():\n    yield 1\nasync for i in count(): pass"),
    beside("asyncio_run", "asyncio.run, which fails where a loop runs already", "import asyncio\nasync def one(): return 1\nasyncio.run(one())"),
    beside("help_and_pager", "help() and objects explained", "help(len)", "len?", "print.__doc__"),
    beside("debugger", "a breakpoint and %debug that were forgotten", "breakpoint()\nx = 1", "import pdb\npdb.set_trace()\nx = 2", "%debug"),
    arranged("blank_cells", "blank cells between all others", blank_cells),
    arranged("five_hundred_cells", "five hundred more cells", five_hundred_cells),
    arranged("test_deleted", "a visible test is gone", remove("q00_mean_square_test")),
    arranged("hidden_tests_deleted", "the cells for hidden tests are gone", remove("q00_mean_square_hidden", "q00_softmax_hidden")),
    arranged("setup_deleted", "the setup cell is gone, and put back", remove("q00_setup")),
    arranged("everything_else_deleted", "nothing but setup and solutions", only_the_work),
    arranged("solution_deleted", "a solution cell is gone: its points, and no others", remove("q00_softmax"), HALF),
    arranged("answer_deleted", "the written answer is gone", remove("q00_explain")),
    arranged("solution_copied", "a solution is there twice", copy_cells("q00_mean_square")),
    arranged("everything_copied", "every graded cell is there twice", copy_cells(
        "q00_setup", "q00_mean_square", "q00_mean_square_test", "q00_mean_square_hidden", "q00_softmax", "q00_explain")),
    arranged("stub_copied_below", "the copy was solved, the original is still the stub", stub_copied_below),
    arranged("tasks_swapped", "the two tasks with their tests in the other order", tasks_swapped),
    arranged("test_moved_to_the_end", "a test at the end of the notebook", move("q00_mean_square_test", 99)),
    arranged("test_moved_to_the_top", "a test at the top of the notebook, before what it tests", move("q00_mean_square_test", 0)),
    arranged("solution_moved_to_the_end", "a right solution below its tests", move("q00_softmax", 99)),
    arranged("cell_split", "a solution cell was split", split),
    arranged("cell_split_without_marks", "the solution is in the half that lost the marks", split_without_marks),
    arranged("cells_merged", "two solutions in one cell", merged),
    arranged("merged_with_setup", "setup and solution in one cell", merged_with_setup),
    arranged("merged_with_its_test", "solution and visible test in one cell", merged_with_its_test),
    arranged("test_as_text", "a test was turned into text", retyped("q00_mean_square_test", "markdown")),
    arranged("solution_as_text", "a solution was turned into text: its type is put back", retyped("q00_softmax", "markdown")),
    arranged("solution_as_raw", "a solution was turned into a raw cell", retyped("q00_softmax", "raw")),
    arranged("answer_as_code", "the written answer was turned into code", answer_as_code),
    arranged("marks_removed", "all metadata is gone, the order of cells is as it was", marks_removed),
    arranged("marks_of_one_task_removed", "a solution without its metadata", marks_of_the_task_removed),
    arranged("test_edited", "a visible test was changed while trying", test_edited),
    arranged("setup_edited", "imports were added to the setup cell", setup_edited),
    arranged("one_answered", "one task left as it was", answered(softmax=None), HALF),
    arranged("none_answered", "the starter, untouched", answered(mean_square=None, softmax=None), NOTHING),
    arranged("emptied", "a solution cell without text", answered(softmax=""), HALF),
    arranged("syntax_error_in_a_task", "one solution that is no Python", answered(softmax="def softmax(:"), HALF),
    arranged("misnamed", "the function has another name", answered(softmax="def Softmax(scores):\n    return scores"), HALF),
    Case("no_cells", "all cells are gone", NOTHING, change=lambda notebook: notebook["cells"].clear(), ungradable=None),
]  # fmt: skip
