"""Taking more time, memory, processes, disk or output than there is."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, FIRST_LOST, LOST, Case, fair

EITHER_LOST = fair(mean_square=LOST, softmax=EITHER)
RIGHT = "sum(value * value for value in values) / len(values)"


def attack(name: str, about: str, source: str, points=FIRST_LOST, **more) -> Case:
    """`source` stands in the place of mean_square."""
    return Case(name, about, points, mean_square=source, **more)


CASES = [
    attack("endless_cell", "a cell that never ends", "while True:\n    pass"),
    attack("memory_at_once", "two terabytes asked for at once", "import numpy as np\nnp.ones(2**38)"),
    attack("endless_sleep", "a cell that sleeps for a day", "import time\ntime.sleep(86_400)"),
    attack("endless_below_python", "an endless loop that does not return to Python",
           "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')"),
    attack("endless_call", "a graded function that never returns", "def mean_square(values):\n    while True:\n        pass"),
    attack("sleeping_call", "a graded function that sleeps for a day",
           "import time\n\ndef mean_square(values):\n    time.sleep(86_400)"),
    attack("endless_hidden_call", "a function that is right in the visible test and never returns in the hidden one",
           f"def mean_square(values):\n    while max(values) > 100 or len(values) > 5:\n        pass\n    return {RIGHT}",
           fair(mean_square=(1, 0))),
    attack("endless_import", "a module of the student's that never ends its import",
           "%%writefile slow.py\nwhile True: pass", FIRST_LOST, after=("import slow",)),
    attack("endless_property", "a value whose attributes never come",
           "class Slow(float):\n    def __getattribute__(self, name):\n        while True: pass\n"
           "def mean_square(values):\n    return Slow(0.0)"),
    attack("memory_bit_by_bit", "memory taken until there is none",
           "taken = []\nwhile True:\n    taken.append(bytearray(b'x') * 2**24)", EITHER_LOST),
    attack("memory_when_called", "memory taken by the graded function",
           "def mean_square(values):\n    taken = []\n    while True:\n        taken.append(bytearray(b'x') * 2**24)"),
    attack("memory_shared", "shared memory filled, which counts for no process", """\
import os
for place in ("/dev/shm", "/tmp", "."):
    try:
        with open(place + "/filled", "wb") as file:
            for _ in range(4096):
                file.write(bytes(2**24))
                file.flush()
    except OSError as error:
        print(error)
try:
    number = os.memfd_create("filled")
    for _ in range(4096):
        os.write(number, bytes(2**24))
except OSError as error:
    print(error)""", EITHER_LOST),
    attack("fork_bomb", "processes that start processes", "import os\nwhile True:\n    os.fork()", EITHER_LOST),
    attack("shell_fork_bomb", "the same in the shell", "!f() { f | f & }; f; sleep 0.2", EITHER_LOST),
    attack("thread_bomb", "threads without an end", """\
import threading
stop = threading.Event()
while True:
    threading.Thread(target=stop.wait, daemon=True).start()""", EITHER_LOST),
    attack("busy_children", "sixteen processes that compute on after the cell", """\
import os
for _ in range(16):
    if os.fork() == 0:
        open("/proc/self/comm", "w").write("@MARK@")
        while True:
            pass""", EITHER_LOST),
    attack("disk_filled", "one file without an end", """\
with open("filled", "wb") as file:
    while True:
        file.write(bytes(2**24))"""),
    attack("many_files", "files without an end", """\
import itertools
for number in itertools.count():
    open(f"file_{number}", "w").close()"""),
    attack("sparse_file", "a file of an exabyte that takes no room", """\
try:
    with open("sparse", "wb") as file:
        file.truncate(2**60)
except OSError as error:
    print(error)"""),
    attack("open_files", "descriptors without an end", "files = []\nwhile True:\n    files.append(open('/dev/null'))"),
    attack("printed_flood", "a gigabyte printed", "for _ in range(1024):\n    print('x' * 2**20)"),
    attack("flood_without_end", "printing without an end, on standard error and below Python", """\
import os, sys
while True:
    os.write(1, b"x" * 65_536)
    os.write(2, b"x" * 65_536)
    print("x" * 65_536, file=sys.stderr)"""),
    attack("flood_of_displays", "a hundred thousand displays", """\
from IPython.display import display, HTML
for number in range(100_000):
    display(HTML(f"<p>{number}</p>"))"""),
    attack("flood_when_called", "a flood from inside the graded function", f"""\
def mean_square(values):
    for _ in range(1024):
        print('x' * 2**20)
    return {RIGHT}""", fair(mean_square=EITHER)),
    attack("long_traceback", "an exception whose message is a hundred megabytes", "raise ValueError('x' * 10**8)"),
    attack("slow_repr", "a last value whose text never comes",
           "class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()"),
    attack("recursion_below_python", "recursion until the stack ends",
           "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()", EITHER_LOST),
    attack("pickled_core", "a core dump of everything", """\
import ctypes, os, resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except (OSError, ValueError):
    pass
ctypes.string_at(0)"""),
    attack("limits_raised", "the limits are lifted before the memory is taken", """\
import resource
for name in dir(resource):
    if name.startswith("RLIMIT_"):
        try:
            resource.setrlimit(getattr(resource, name), (-1, -1))
        except (OSError, ValueError):
            pass
taken = []
while True:
    taken.append(bytearray(b"x") * 2**26)""", EITHER_LOST),
    attack("memory_in_memfds", "five gigabytes in files that lie in no folder", """\
import os
kept = []
for i in range(80):
    file = os.memfd_create(f"{i}")
    os.write(file, bytes(1 << 26))
    kept.append(file)"""),
    attack("memory_in_system_v", "shared memory that no process maps", """\
import ctypes
libc = ctypes.CDLL(None)
for i in range(100):
    if libc.shmget(0, 1 << 26, 0o1600) == -1:
        raise MemoryError("refused")"""),
    attack("descriptors_in_flight", "a thousand descriptors on their way through a socket", """\
import socket
ours, theirs = socket.socketpair()
sent = 0
try:
    while True:
        socket.send_fds(ours, [b"x"], [ours.fileno()] * 250)
        sent += 250
except OSError:
    pass"""),
]  # fmt: skip
