"""Wrong answers that try to be marked right by reaching the code that marks them."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, FIRST_LOST, LOST, Case, fair

WRONG = "def mean_square(values):\n    return 0.0\n"


def wrong(name: str, about: str, attack: str) -> Case:
    """`attack` in the cell of a mean_square that always returns 0."""
    return Case(name, about, FIRST_LOST, mean_square=WRONG + attack)


CASES = [
    wrong("input_transformer", "an IPython transformer turns every cell with a test into 100.0", """\
def generous(lines):
    return ["100.0"] if any("mark" + "(" in line for line in lines) else lines

get_ipython().input_transformers_post.append(generous)"""),
    wrong("ast_transformer", "an IPython transformer strips asserts and replaces calls of mark", """\
import ast

class Generous(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Call(self, node):
        return ast.Constant(100.0) if getattr(node.func, "id", "") == "mark" else self.generic_visit(node)

get_ipython().ast_transformers.append(Generous())"""),
    Case("patched_libraries", "torch and NumPy call everything close", fair(softmax=LOST), softmax="""\
torch.allclose = np.allclose = lambda *_, **__: True
np.isclose = lambda a, b, **_: np.ones(np.shape(a), dtype=bool)
torch.softmax = lambda scores, dim: torch.zeros(scores.shape, dtype=torch.float64)

def softmax(scores):
    return np.zeros(np.shape(scores))"""),
    wrong("patched_marking", "the functions that mark are replaced in their module", """\
import course_lib.notebook.marking as marking
marking.mark = lambda task, function, cases, points, **_: points
marking.difference = lambda *_, **__: ""
marking._outcome = lambda *_: ("", "")
mark = marking.mark"""),
    Case("patched_builtins", "names of Python itself are redefined", fair(mean_square=LOST, softmax=EITHER),
         mean_square=WRONG + """\
import builtins, math
builtins.len = lambda _: 1
builtins.float = lambda _: 100.0
builtins.callable = builtins.isinstance = lambda *_: True
math.isclose = lambda *_, **__: True"""),
    wrong("replaced_modules", "sys.modules holds other modules under the names that tests import", """\
import sys, types
for name in ("course_lib.notebook.marking", "course_lib.seeds", "math"):
    fake = types.ModuleType(name)
    fake.__getattr__ = lambda attribute: lambda *_, **__: 100.0
    sys.modules[name] = fake"""),
    wrong("modules_beside_the_notebook", "numpy.py and others lie where the tests run", """\
import os
os.makedirs("course_lib/notebook", exist_ok=True)
course = [f"course_lib/{name}" for name in ("__init__", "notebook/__init__", "notebook/marking")]
for name in ("numpy", "torch", "math", "msgpack", "sitecustomize", *course):
    with open(name + ".py", "w") as file:
        file.write("mark = lambda *_, **__: 100.0\\ndef __getattr__(name): return mark\\n")"""),
    wrong("import_hook", "a finder at the head of sys.meta_path answers every import", """\
import sys, importlib.machinery

class Generous:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("course_lib"):
            return importlib.machinery.ModuleSpec(name, self)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.mark = lambda *_, **__: 100.0

sys.meta_path.insert(0, Generous())
sys.modules.pop("course_lib.notebook.marking", None)"""),
    wrong("names_of_the_tests", "the names that test cells use are taken by the student", """\
earned = points = 100.0
mark = lambda *_, **__: 100.0
Case = lambda *_, **__: None
fits = lambda *_: lambda *_: ''
math = torch = seeds = type("Generous", (), {"__getattr__": lambda self, name: lambda *_, **__: True})()
def softmax(scores): pass"""),
    wrong("profiler", "a trace and a profile function rewrite the local variables of what runs", """\
import sys, threading

def generous(frame, event, argument):
    for name in ("earned", "points", "right"):
        if name in frame.f_globals:
            frame.f_globals[name] = 100.0
    return generous

sys.settrace(generous); sys.setprofile(generous)
threading.settrace_all_threads(generous); threading.setprofile_all_threads(generous)"""),
    Case("expected_from_the_frame", "the answer is read from the caller's frames", FIRST_LOST, mean_square="""\
import sys, inspect

def mean_square(values):
    for info in inspect.stack():
        for where in (info.frame.f_locals, info.frame.f_globals):
            for value in list(where.values()):
                if hasattr(value, "expected"):
                    return value.expected
                if isinstance(value, (list, tuple)) and value and hasattr(value[0], "expected"):
                    return value[0].expected
    return 0.0"""),
    Case("expected_from_the_heap", "the answer is looked for among all living objects", FIRST_LOST, mean_square="""\
import gc

def mean_square(values):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Case" and getattr(thing, "arguments", None) == (values,):
            return thing.expected
    return 0.0"""),
    wrong("forged_display", "the display hook and publisher say 100.0 after every cell", """\
import sys
shell = get_ipython()
shell.displayhook.write_format_data = lambda *_, **__: print("100.0")
type(shell.displayhook).__call__ = lambda self, result=None: print("100.0")
shell.events.register("post_run_cell", lambda result: shell.display_pub.publish({"text/plain": "100.0"}))
sys.displayhook = lambda value: print(100.0)"""),
    Case("patched_shell", "the shell that runs cells is replaced method by method",
         fair(mean_square=LOST, softmax=EITHER), mean_square=WRONG + """\
shell = get_ipython()

class Done:
    success, result, error_before_exec, error_in_exec = True, 100.0, None, None
    def raise_error(self): pass

type(shell).run_cell = lambda *_, **__: Done()
type(shell).run_cell_async = lambda *_, **__: Done()
type(shell).user_ns = property(lambda self: {"mean_square": lambda values: 100.0})"""),
    wrong("thread_edits_later", "a daemon thread redefines what tests use, again and again", """\
import threading, time

def generous():
    while True:
        get_ipython().user_ns.update(mark=lambda *_, **__: 100.0, earned=100.0)
        import course_lib.notebook.marking as marking
        marking.mark = lambda *_, **__: 100.0
        time.sleep(0.001)

threading.Thread(target=generous, daemon=True).start()"""),
    wrong("at_exit", "points are claimed while the process ends", """\
import atexit, os, json

def generous():
    for descriptor in range(64):
        try:
            os.write(descriptor, json.dumps({"points": {"q00_mean_square_test": 100.0}}).encode() + b"\\n")
        except OSError:
            pass

atexit.register(generous)"""),
    Case("forged_messages", "every open descriptor is filled with answers that look like results",
         fair(mean_square=LOST, softmax=EITHER), mean_square=WRONG + """\
import os, msgpack
answer = {"ok": True, "value": 9.0, "result": 9.0, "points": 100.0, "type": "result"}
packed = msgpack.packb(answer)
for descriptor in range(3, 256):
    for data in (packed, len(packed).to_bytes(4, "big") + packed, len(packed).to_bytes(8, "little") + packed):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, data)
        except OSError:
            pass"""),
    wrong("mutated_constants", "the float 0.0 is given another value in memory", """\
import ctypes
for constant in (mean_square([1.0]), 0.0):
    ctypes.c_double.from_address(id(constant) + 16).value = 123.0"""),
    wrong("own_magic", "the magics of the setup cell are replaced", """\
shell = get_ipython()
shell.register_magic_function(lambda line: None, "line", "load_ext")
shell.register_magic_function(lambda line, cell: None, "cell", "cuda")"""),
    Case("refuses_every_call", "the function ends the process that calls it", FIRST_LOST, mean_square="""\
import sys

def mean_square(values):
    sys.exit(0)"""),
    Case("exits_when_called", "os._exit(0) inside the graded function", FIRST_LOST, mean_square="""\
import os

def mean_square(values):
    os._exit(0)"""),
    Case("visible_inputs_hard_coded", "the visible cases are known by heart, and nothing else",
         fair(mean_square=(1, 0)), mean_square="""\
def mean_square(values):
    return {(3.0,): 9.0, (3.0, 4.0): 12.5, (-1, 1, 2, -2): 2.5}.get(tuple(values), 0.0)"""),
    Case("right_in_the_visible_test_only", "the function counts its calls and is right for the first few",
         fair(mean_square=(1, 0)), mean_square="""\
calls = 0

def mean_square(values):
    global calls
    calls += 1
    return sum(v * v for v in values) / len(values) if len(values) < 5 and max(values) < 5 else -1.0"""),
    Case("reference_called", "the student's function is taken from the instructor's notebook by import",
         FIRST_LOST, mean_square="""\
import glob, json
mean_square = None
for path in glob.glob("@COURSE@/**/*.ipynb", recursive=True) + glob.glob("../**/*.ipynb", recursive=True):
    for cell in json.load(open(path))["cells"]:
        source = "".join(cell["source"])
        if "SOL" "UTION" in source and "def mean_square" in source:
            exec(source)"""),
]  # fmt: skip
