"""What a submission takes or leaves where the next one, or the grader itself, would find it or miss it."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, LOST, Case, fair

AT_LEAST_THE_FIRST = fair(mean_square=LOST, softmax=EITHER)


def left(name: str, about: str, source: str, sequel: str | None = None, points=AT_LEAST_THE_FIRST) -> Case:
    """`source` stands in the place of mean_square."""
    return Case(name, about, points, mean_square=source, sequel=sequel)


CASES = [
    left("home_taken_away", "the home folder and the scratch folders are emptied, moved and closed to all", """\
import os, shutil
for place in (os.path.expanduser("~"), "/tmp", "/dev/shm"):
    for name in os.listdir(place):
        shutil.rmtree(os.path.join(place, name), ignore_errors=True)
    for action in (lambda: os.rename(place, place + ".old"), lambda: os.rmdir(place), lambda: os.chmod(place, 0)):
        try: action()
        except OSError: pass"""),
    left("terminals_taken", "pseudo-terminals are opened and made the session's own", """\
import fcntl, os, pty, termios
try:
    for _ in range(300):
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 1)
        fcntl.ioctl(slave, termios.TIOCSTI, b"x")
        print("BRE" "ACH keystrokes")
except OSError as error:
    print(error)"""),
    left("timers_left", "thousands of timers and queued signals, which are counted for the user", """\
import ctypes, os, signal
libc = ctypes.CDLL(None)
timer = ctypes.c_void_p()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN})
count = 0
while count < 100_000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0: count += 1
while count < 200_000 and libc.sigqueue(os.getpid(), signal.SIGRTMIN, None) == 0: count += 1""", """\
import ctypes
libc = ctypes.CDLL(None)
timer = ctypes.c_void_p()
if libc.timer_create(1, None, ctypes.byref(timer)):
    print("BRE" "ACH no timer is left")"""),
    left("watches_left", "every watch and event file that the user may have", """\
import ctypes, os, select
libc = ctypes.CDLL(None)
kept = []
while libc.inotify_init() >= 0: pass
for _ in range(50):
    if os.fork() == 0:
        while libc.inotify_init() >= 0: pass
        import time; time.sleep(60)""", """\
import ctypes
if ctypes.CDLL(None).inotify_init() < 0:
    print("BRE" "ACH no watch is left")"""),
    left("locks_left", "locks and leases on every file that can be read", """\
import fcntl, glob, os, sys
kept = []
for path in glob.glob(os.path.dirname(os.__file__) + "/*.py")[:200] + [sys.executable, "/usr", "/"]:
    kept.append(os.open(path, os.O_RDONLY))
    fcntl.flock(kept[-1], fcntl.LOCK_EX)
    try:
        fcntl.fcntl(kept[-1], fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    import time; time.sleep(60)""", """\
import fcntl, glob, os
for path in glob.glob(os.path.dirname(os.__file__) + "/*.py")[:200]:
    try:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("BRE" "ACH locked", path)"""),
    left("priorities_left", "priorities, schedulers, processors and clocks of everything that can be reached", """\
import ctypes, os, resource
for which in (os.PRIO_USER, os.PRIO_PGRP, os.PRIO_PROCESS):
    for who in range(0, 3):
        for value in (-20, 19):
            try:
                os.setpriority(which, who, value)
            except OSError:
                pass
for pid in range(0, 5):
    for action in (lambda: os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(99)), lambda: os.sched_setaffinity(pid, {0}),
                   lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0)) if pid else None):
        try:
            action()
        except OSError:
            pass
ctypes.CDLL(None).syscall(251, 1, 0, 3 << 13)""", """\
import os, resource
if os.getpriority(os.PRIO_PROCESS, 0) > 5 or os.sched_getaffinity(0) == {0} and os.cpu_count() > 1:
    print("BRE" "ACH priority")
if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 100:
    print("BRE" "ACH limits")"""),
    left("shared_memory_left", "named shared memory, semaphores and queues of multiprocessing", """\
import multiprocessing as mp, os
from multiprocessing import shared_memory, resource_tracker
resource_tracker.register = lambda *_: None
for name in ("left_behind", "sem.left_behind", "mp-left"):
    try:
        shared_memory.SharedMemory(name, create=True, size=1 << 20).buf[:7] = b"answers"
    except OSError:
        pass
import ctypes
ctypes.CDLL(None).sem_open(b"/left_behind", 0o100, 0o666, 1)
mp.get_context("fork").Semaphore(3)
os.link("/dev/shm/left_behind", "/dev/shm/left_behind.py")""", """\
import glob
if found := glob.glob("/dev/shm/*") + glob.glob("/tmp/*left*"):
    print("BRE" "ACH", found)"""),
    left("daemons_left", "daemons of daemons that ignore every signal, and one that follows each death with a birth", """\
import os, signal, time
def daemon(depth):
    if os.fork(): return
    os.setsid()
    open("/proc/self/comm", "w").write("@MARK@")
    for number in signal.valid_signals():
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    if depth: daemon(depth - 1)
    while True:
        if os.fork(): time.sleep(0.05); os._exit(0)
        time.sleep(0.05)
for _ in range(3): daemon(2)"""),
    left("ports_left", "every port of loopback and every abstract name listens on", """\
import os, socket
if os.fork() == 0:
    os.setsid()
    kept = []
    for port in range(20_000, 20_800):
        kept.append(socket.create_server(("127.0.0.1", port)))
    import time; time.sleep(60)""", """\
import socket
for port in range(20_000, 20_800, 50):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        print("BRE" "ACH port", port)"""),
    left("memory_in_sockets", "data in sockets and pipes that nobody reads, which is no process's memory", """\
import os, socket
for _ in range(24):
    if os.fork() == 0:
        kept = []
        while True:
            try:
                pair = socket.socketpair()
            except OSError:
                break
            for end in pair:
                kept.append(end)
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                try:
                    while True: end.send(bytes(1 << 16))
                except OSError: pass
        import time; time.sleep(60)"""),
    left("folders_without_end", "folders in folders, deeper than a path may be long, and names of all kinds", """\
import os
for place in ("/tmp", "/dev/shm", os.path.expanduser("~")):
    os.chdir(place)
    for name in ("\\udcff", "new\\nline", "-rf", "$(touch x)", "x" * 255, "\\x1b[2J", "a'b\\"c"):
        open(name, "w").close(); os.chmod(name, 0)
    try:
        for depth in range(6000):
            os.mkdir("d" * 200); os.chdir("d" * 200)
    except OSError:
        pass
os.chmod(".", 0)""", """\
import os
for place in ("/tmp", "/dev/shm", os.path.expanduser("~")):
    if found := [name for name in os.listdir(place) if name.startswith(("ddd", "xxx", "new\\n", "-rf", "$(", "\\x1b"))]:
        print("BRE" "ACH", found)"""),
    left("hidden_inputs_left", "each hidden input is left in files, locks, timers, priorities and names of processes", """\
import fcntl, os, signal, socket

def mean_square(values):
    text = str(values)
    for action in (lambda: open("/tmp/left_behind.py", "w").write(text), lambda: open("/dev/shm/left_behind", "w").write(text),
                   lambda: open("/proc/self/comm", "w").write(text[:15]), lambda: os.setxattr("/tmp", "user.left", text.encode()),
                   lambda: os.symlink(text.replace("/", ""), "/tmp/link"), lambda: signal.setitimer(signal.ITIMER_VIRTUAL, abs(values[0])),
                   lambda: socket.socket(socket.AF_UNIX).bind("\\0" + text[:90])):
        try: action()
        except OSError: pass
    if os.fork() == 0:
        os.setsid()
        import time; time.sleep(60)
    return -1.0""", """\
import glob, os
found = [open(path).read() for path in glob.glob("/proc/[0-9]*/comm")] + glob.glob("/tmp/l*") + glob.glob("/dev/shm/*")
found += [name for name in os.listxattr("/tmp")] + [line for line in open("/proc/net/unix") if "@" in line]
print(found)
if any("." in text or "left" in text for text in found):
    print("BRE" "ACH", found)"""),
]  # fmt: skip
