"""Attacks on the grader itself: its processes, their descriptors, signals and memory."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import EITHER, FIRST_LOST, LOST, Case, fair

AT_LEAST_THE_FIRST = fair(mean_square=LOST, softmax=EITHER)


def attack(name: str, about: str, source: str, points=FIRST_LOST) -> Case:
    """`source` stands in the place of mean_square."""
    return Case(name, about, points, mean_square=source)


CASES = [
    attack("kill_parent", "SIGKILL, SIGSTOP and SIGTERM to the parent and its group", """\
import os, signal
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    for target in (os.getppid(), -os.getpgid(os.getppid()) if os.getppid() else 0):
        try:
            os.kill(target, number) if target else None
        except OSError as error:
            print(error)""", AT_LEAST_THE_FIRST),
    attack("kill_everyone", "SIGKILL to every process that may be signalled", "import os\nos.kill(-1, 9)",
           AT_LEAST_THE_FIRST),
    attack("kill_by_number", "SIGKILL to each process id from 2 to 70000 but its own", """\
import os
for pid in range(2, 70_000):
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
        except OSError:
            pass""", AT_LEAST_THE_FIRST),
    attack("kill_group", "SIGKILL to the own process group", "import os\nos.killpg(0, 9)"),
    Case("kill_group_when_called", "SIGKILL to the own process group, while the examiner waits", AT_LEAST_THE_FIRST,
         mean_square="import os\n\ndef mean_square(values):\n    os.killpg(0, 9)"),
    attack("crash", "a segmentation fault", "import ctypes\nctypes.string_at(0)"),
    attack("abort", "abort() below Python", "import ctypes\nctypes.CDLL(None).abort()"),
    attack("exit_at_once", "os._exit(0), as if all had gone well", "import os\nos._exit(0)"),
    attack("replaced_by_a_program", "exec of another program in the process's place",
           "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo 100.0'])"),
    Case("crash_when_called", "a segmentation fault inside the graded function", FIRST_LOST, mean_square="""\
import ctypes

def mean_square(values):
    return ctypes.string_at(0)"""),
    Case("crash_in_a_thread", "a thread ends the process a moment after the cell", AT_LEAST_THE_FIRST, mean_square="""\
import os, threading
threading.Timer(0.02, os._exit, [0]).start()"""),
    attack("ptrace_parent", "ptrace and process_vm_writev on every other process", """\
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), *range(1, 40)} - {os.getpid(), 0}:
    if libc.ptrace(16, pid, 0, 0) == 0:  # of its own sandbox's first process, an attacker gains nothing
        channels = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        if any(target.startswith(("socket:", "pipe:")) for target in channels):
            print("BRE" "ACH", pid, channels)""", AT_LEAST_THE_FIRST),
    attack("descriptors_closed", "every open descriptor is closed", "import os\nos.closerange(0, 1024)"),
    attack("descriptors_read", "everything is read from every descriptor", """\
import os
for descriptor in range(3, 256):
    try:
        os.set_blocking(descriptor, False)
        print(os.read(descriptor, 2**16))
    except OSError:
        pass""", AT_LEAST_THE_FIRST),
    attack("standard_output_replaced", "descriptors 0, 1 and 2 lead to others and are closed", """\
import os, sys
for descriptor in (0, 1, 2):
    for other in range(3, 64):
        try:
            os.dup2(other, descriptor)
        except OSError:
            pass
sys.stdout = sys.stderr = sys.stdin = None""", AT_LEAST_THE_FIRST),
    attack("signals_ignored", "every signal that can be is ignored, and the cell never ends", """\
import signal
for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass"""),
    attack("interrupt_caught", "an endless loop that catches every exception", """\
while True:
    try:
        while True:
            pass
    except BaseException:
        pass"""),
    attack("children_left", "processes that leave the session and sleep on", """\
import os, subprocess, time
for _ in range(3):
    subprocess.Popen(["sleep", "@MARK@"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "@MARK@"])
    os._exit(0)"""),
    Case("children_left_when_called", "the same, from inside the graded function", fair(), mean_square="""\
import subprocess

def mean_square(values):
    subprocess.Popen(["sleep", "@MARK@"], start_new_session=True)
    return sum(v * v for v in values) / len(values)"""),
    attack("fork_and_answer", "both halves of a fork go on as the candidate", "import os\nos.fork()\nos.fork()",
           AT_LEAST_THE_FIRST),
    Case("fork_when_called", "the function forks, and each half returns", fair(mean_square=EITHER), mean_square="""\
import os

def mean_square(values):
    os.fork()
    return sum(v * v for v in values) / len(values)"""),
    attack("trace_of_the_sandbox", "new namespaces are entered to become root there and leave", """\
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) == 0:
    for path, text in (("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
        try:
            open(f"/proc/self/{path}", "w").write(text)
        except OSError:
            pass
libc.unshare(0x00020000 | 0x40000000)
for folder in ("/proc/1/root", "/proc/self/root"):
    if os.path.exists(folder + "@COURSE@"):
        print("BRE" "ACH", folder)
libc.chroot(b"..")
for _ in range(40):
    try:
        os.chdir("..")
    except OSError:
        break
libc.chroot(b".")
if os.path.exists("@COURSE@"):
    print("BRE" "ACH chroot")""", AT_LEAST_THE_FIRST),
    attack("traced", "other processes are traced and their memory is read", """\
import ctypes, os
libc = ctypes.CDLL(None)
for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
    if pid != os.getpid() and libc.ptrace(16, pid, None, None) == 0:
        print("BRE" "ACH traced", pid)""", AT_LEAST_THE_FIRST),
    attack("young_system_calls", "io_uring, userfaultfd, bpf and perf are set up", """\
import ctypes
libc = ctypes.CDLL(None)
parameters = ctypes.create_string_buffer(512)
for number, *arguments in ((425, 8, parameters), (323, 0), (321, 0, parameters, 120), (298, parameters, 0, -1, -1, 0)):
    if libc.syscall(number, *arguments) >= 0:
        print("BRE" "ACH", number)"""),
    attack("candidate_lies", "the process that runs the cells sends arrays, other words and too much", """\
from course_lib.examination.wire import Channel
honest, lies = Channel.send, iter([("ran", np.zeros(3)), (np.ones(2),), ("ran",), ("tested", [], ["number", 100.0])])

def send(self, *message):
    honest(self, *(next(lies, message) if message[0] == "ran" else message))

Channel.send = send""", AT_LEAST_THE_FIRST),
]  # fmt: skip
