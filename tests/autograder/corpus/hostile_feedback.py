"""Carrying hidden inputs, which a function sees when it is called, into something the student gets back."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import FIRST_LOST, Case, fair

KEEP = "seen = []\n"
RIGHT = "sum(value * value for value in values) / len(values)"

CASES = [
    Case("inputs_printed", "the function prints and displays what it is called with", fair(), mean_square=f"""\
import sys, os, logging, warnings
from IPython.display import display, HTML

def mean_square(values):
    print(values); print(values, file=sys.stderr); display(values, HTML(str(values)))
    os.write(1, str(values).encode()); os.write(2, str(values).encode())
    sys.__stdout__.write(str(values)); logging.error(values); warnings.warn(str(values))
    return {RIGHT}"""),
    Case("inputs_raised", "the function raises its inputs as messages", FIRST_LOST, mean_square="""\
def mean_square(values):
    raise ValueError(f"I was called with {values}")"""),
    Case("inputs_in_the_type", "the exception's type and its notes hold the inputs", FIRST_LOST, mean_square="""\
def mean_square(values):
    error = type(f"Seen_{values}".replace(" ", ""), (Exception,), {})("no message")
    error.add_note(str(values))
    raise error"""),
    Case("inputs_returned", "the function returns its inputs as text", FIRST_LOST, mean_square="""\
def mean_square(values):
    return f"I was called with {values}" """),
    Case("inputs_as_name", "the function takes its inputs for its name, which verdicts show", fair(), mean_square=f"""\
def mean_square(values):
    mean_square.__name__ = mean_square.__qualname__ = str(values)
    return {RIGHT}"""),
    Case("inputs_kept_for_a_later_cell", "a later cell prints what was collected", fair(),
         mean_square=f"{KEEP}def mean_square(values):\n    seen.append(str(values))\n    return {RIGHT}",
         after=("print(seen)\nseen", "from IPython.display import HTML\nHTML(str(seen))", "raise ValueError(seen)")),
    Case("inputs_kept_for_a_visible_test", "another function tells them to a visible test, which shows results",
         fair(softmax=(0, 0)),
         mean_square=f"{KEEP}def mean_square(values):\n    seen.append(values)\n    return {RIGHT}",
         softmax="def softmax(scores):\n    raise TypeError(str(seen))"),
    Case("inputs_returned_by_a_visible_test", "the same, as values of a result that a visible test shows",
         fair(softmax=(0, 0)),
         mean_square=f"{KEEP}def mean_square(values):\n    seen.extend(values)\n    return {RIGHT}",
         softmax="def softmax(scores):\n    return np.array([[*seen, 0.0, 0.0]])"),
    Case("inputs_in_files", "what was collected goes through a file, an environment variable, a module", fair(),
         mean_square=f"""\
import os, builtins

def mean_square(values):
    open("seen.txt", "a").write(str(values)); open("/tmp/seen.txt", "a").write(str(values))
    os.environ["SEEN"] = str(values)
    builtins.seen = values
    return {RIGHT}""",
         after=("import os, builtins, glob",
                "for path in glob.glob('*.txt') + glob.glob('/tmp/*.txt'): print(open(path).read())",
                "print(os.environ.get('SEEN'), getattr(builtins, 'seen', None))", "!cat seen.txt /tmp/seen.txt")),
    Case("inputs_by_a_hook", "hooks of the shell and a thread print what was collected once the call is over",
         fair(), mean_square=f"""\
import threading, atexit, time
seen = []
shell = get_ipython()
for event in ("pre_execute", "post_execute", "pre_run_cell", "post_run_cell"):
    shell.events.register(event, lambda *_: print("hook", seen))
atexit.register(lambda: print("exit", seen))

def later():
    while True:
        time.sleep(0.02)
        if seen: print("thread", seen)

threading.Thread(target=later, daemon=True).start()

def mean_square(values):
    seen.append(values)
    return {RIGHT}"""),
    Case("inputs_by_finalizers", "an object prints its inputs when it is collected", fair(), mean_square=f"""\
import weakref

class Kept(list):
    def __del__(self):
        print("collected", *self)

def mean_square(values):
    mean_square.kept = Kept(values)
    return {RIGHT}"""),
    Case("inputs_in_the_warning_of_a_kernel", "the inputs become source of a kernel, whose error would show them",
         fair(), mean_square=f"""\
def mean_square(values):
    try:
        cuda.compile(f"error {{values}}")
    except Exception as error:
        print(error)
    return {RIGHT}"""),
    Case("updated_display", "a display that was shown before is updated with the inputs", fair(), mean_square=f"""\
from IPython.display import display
handle = display("nothing yet", display_id="seen")

def mean_square(values):
    handle.update(str(values))
    return {RIGHT}"""),
    Case("widget_state", "a widget holds the inputs in its state", fair(), mean_square=f"""\
import ipywidgets
label = ipywidgets.Label("nothing yet")
output = ipywidgets.Output()
display(label, output)

def mean_square(values):
    label.value = str(values)
    with output:
        print(values)
    return {RIGHT}"""),
]  # fmt: skip
