"""Text where nobody expects it: half characters, escape sequences, names and exceptions that are traps."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, FIRST_LOST, LOST, Case, fair

RIGHT = "sum(v * v for v in values) / len(values)"
STEERS = r"\x1b]52;c;cm0gLXJm\x07\x1b[2J\x9b31m\u202e\r\n\x00\ud800"


def raised(name: str, about: str, before: str, what: str = "Trap('no')") -> Case:
    """mean_square raises `what`, which `before` defines."""
    return Case(
        name, about, FIRST_LOST, mean_square=f"{before}\n\ndef mean_square(values):\n    raise {what}"
    )


def shown(name: str, about: str, source: str) -> Case:
    """`source` is a cell above a right submission."""
    return Case(name, about, fair(), before=(source,))


CASES = [
    raised("text_of_an_error_exits", "an exception whose text and representation end Python", """\
class Trap(ValueError):
    def __str__(self): raise SystemExit(0)
    def __repr__(self): raise KeyboardInterrupt"""),
    raised("text_of_an_error_never_ends", "an exception whose text never comes", """\
class Trap(ValueError):
    def __str__(self):
        while True: pass"""),
    raised("class_of_an_error_lies", "an exception whose class says that it is another", """\
class Kind(type):
    __name__ = property(lambda self: "AssertionError")
    __mro__ = property(lambda self: (NotImplementedError, Exception, object))
    __instancecheck__ = __subclasscheck__ = lambda *_: True

class Trap(ValueError, metaclass=Kind):
    __class__ = property(lambda self: NotImplementedError)"""),
    raised("name_of_an_error_is_a_program", "exceptions named by code, paths and half characters", """\
import os
names = ["__import__('os')._exit(0)", "../../etc/passwd", "\\ud800", "", "None", "print", "Exception\\n", "x" * 2**20]
Trap = type(names[0], tuple(type(name, (Exception,), {"__doc__": name}) for name in names[1:]), {})"""),
    raised("groups_of_errors", "groups of exceptions in groups, with hostile ones inside", """\
def Trap(text):
    group = BaseExceptionGroup(text, [KeyboardInterrupt(), SystemExit(0)])
    for _ in range(200): group = BaseExceptionGroup("\\ud800", [group, ValueError(text)])
    return group"""),
    raised("errors_with_endless_causes", "an exception that is its own cause, with a thousand notes", """\
def Trap(text):
    error, other = ValueError(text), TypeError(text)
    error.__cause__, other.__cause__ = other, error
    error.__context__, other.__context__ = other, error
    for i in range(1000): error.add_note("\\ud800" * 1000)
    return error"""),
    raised("errors_of_python_itself", "warnings, GeneratorExit, StopAsyncIteration and a CancelledError by turns", """\
import asyncio, itertools
kinds = itertools.cycle([GeneratorExit, StopAsyncIteration, asyncio.CancelledError, EncodingWarning, BlockingIOError])

def Trap(text):
    return next(kinds)(text)"""),
    raised("half_characters_in_errors", "half characters in the text, the arguments and the notes", """\
def Trap(text):
    error = UnicodeEncodeError("\\ud800", "\\udfff", 0, 1, "\\ud800")
    error.add_note("\\ud800")
    return error"""),
    Case("half_characters_as_keys", "half characters as keys, in tuples and in arrays", FIRST_LOST, mean_square="""\
def mean_square(values):
    return {"\\ud800": ["\\udfff"], ("\\ud800",): np.array(["\\ud800"]), b"\\xff": np.bytes_(b"\\xff\\x00")}"""),
    Case("escapes_in_a_result", "escape sequences in a result that a visible test shows", FIRST_LOST,
         mean_square=f'def mean_square(values):\n    return "{STEERS}" + str(len(values))'),
    Case("escapes_in_an_error", "escape sequences in the name and the text of an exception", FIRST_LOST,
         mean_square=f'def mean_square(values):\n    raise type("{STEERS}", (KeyError,), {{}})("{STEERS}")'),
    Case("escapes_in_an_absent_file", "escape sequences in the name of a file, which the grader names", FIRST_LOST,
         mean_square=f'def mean_square(values):\n    return open("{STEERS}".replace("\\0", "").replace("\\ud800", ""))',
         before=(f'open("{STEERS}".replace("\\0", "").replace("\\ud800", "") + "[red]x")', "import os, sys\n"
                 "raise ModuleNotFoundError(\"No module named '\\x1b[2J[link=x]'\")")),
    shown("escapes_in_outputs", "escape sequences on both streams, in errors, results and displays", f"""\
import sys
from IPython.display import display, HTML, Markdown, Latex
text = "{STEERS}"
print(text); print(text, file=sys.stderr)
display(text, HTML(text), Markdown(text), Latex(text))
display({{"text/plain": text, text: text, "image/png": text, "application/json": {{text: text}}}}, raw=True, metadata={{text: {{text: text}}}})
raise type(text, (Exception,), {{}})(text)"""),
    shown("hostile_metadata_of_displays", "metadata, types and numbers of displays of other kinds", """\
from IPython.display import display
shell = get_ipython()
for data in ({}, {"text/plain": None}, {"text/plain": ["a", None, 3]}, {"text/html": {"a": 1}}, {"image/png": 5},
             {"text/latex": [["x"]]}, {"application/vnd.plotly.v1+json": 3}, {"application/json": None}, {"": ""}):
    for metadata in (None, {"isolated": True, "image/png": {"width": "1; x"}}, {"\\ud800": "\\ud800"}):
        shell.display_pub.publish(data, metadata)
shell.display_pub.publish({"text/plain": "x"}, transient={"display_id": "\\ud800"}, update=True)
shell.display_pub.publish("no data")"""),
    shown("figures_of_no_figure", "figures whose parts are of other kinds, with scripts in them", """\
from IPython.display import display
call = "<script>steal@MARK@()</script>"
kind = "application/vnd.plotly.v1+json"
for figure in (None, call, 7, [], [call], {}, {"data": call}, {"data": [call, None, 3]}, {"data": {"x": call}, "layout": [call]},
               {"data": [{"type": call, "x": {"bdata": call, "dtype": call}}], "layout": {"title": call, "template": call}},
               {"data": [{"type": "scatter", "y": [call, None, [call]]}], "layout": None, "config": {"plotlyServerURL": call},
                "frames": [call]}):
    display({kind: figure, "text/plain": call}, raw=True)
    display({kind: figure}, raw=True)
    display({kind: figure, "text/html": call, "application/json": [call]}, raw=True)"""),
    shown("links_of_all_kinds", "addresses with control characters, of other schemes and of data", """\
from IPython.display import HTML, Markdown, display
call = "steal@MARK@()"
for address in (f"java\\tscript:{call}", f"\\x01javascript:{call}", f"&#x6a;avascript:{call}", f"data:text/html,<script>{call}</script>",
                f"//x\\n.javascript:{call}", f"vbscript:{call}", f"javascript&NewLine;:{call}", f"feed:javascript:{call}", f"\\ufeffjavascript:{call}"):
    display(HTML(f"<a href='{address}'>x</a><img src='{address}'><area href='{address}'><base href='{address}'>"), Markdown(f"[x]({address})"))
    display(HTML(f"<svg><a xlink:href='{address}'><set attributeName=href to='{address}'></a><use href='{address}'/></svg>"))
display(HTML(f"<p title='x' onclick\\x0c={call} style='background:url(javascript:{call})' class=x id=x>y</p><xmp><img onerror={call} src=x></xmp>"))"""),
    Case("attributes_that_exit", "a callable whose name, text, length and truth end Python",
         fair(mean_square=EITHER), mean_square=f"""\
class Trap:
    __name__ = property(lambda self: exit())
    __doc__ = property(lambda self: exit())
    __str__ = __repr__ = __len__ = __bool__ = __iter__ = __eq__ = lambda self, *_: exit()
    __hash__ = None
    def __call__(self, values):
        return {RIGHT}

mean_square = Trap()"""),
    Case("names_of_functions", "functions whose names, modules and files hold half characters", fair(), mean_square=f"""\
def mean_square(values):
    return {RIGHT}

mean_square.__name__ = mean_square.__qualname__ = "\\ud800\\x1b[2J"
mean_square.__module__ = mean_square.__doc__ = "\\udfff"
mean_square.__code__ = mean_square.__code__.replace(co_name="\\ud800", co_filename="\\ud800")"""),
    Case("frames_of_half_characters", "an error whose traceback runs through files named by half characters", FIRST_LOST,
         mean_square="""\
exec(compile("def mean_square(values):\\n    raise ValueError", "\\ud800\\x00", "exec"))
mean_square([1])"""),
    Case("code_of_half_characters", "cells with half characters, zero bytes and marks of direction", fair(),
         before=("text = '\ud800'", "# \x00", "x = 1 # \u202e\u2066", "\ufeffy = 2"), encode=lambda text: text.encode("utf-8", "surrogatepass")),
    Case("environment_of_half_characters", "names and values of the environment, the folder and the arguments",
         FIRST_LOST, mean_square="""\
import os, sys
os.environ["\\udcff"] = "\\udc80"
os.makedirs("\\udcff\\n\\x1b[2J", exist_ok=True)
os.chdir("\\udcff\\n\\x1b[2J")
sys.argv[:] = ["\\ud800"]
open("\\udcfe" * 80, "w").close()
os.getcwd().encode()"""),
    Case("softmax_of_text", "an array of half characters, of the largest text type, and of bytes", fair(softmax=LOST),
         softmax="def softmax(scores):\n    return np.full(np.shape(scores), '\\ud800' * 4096)"),
]  # fmt: skip
