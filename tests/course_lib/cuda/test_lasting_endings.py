"""Whatever ends: no process and no file is left; and a fork has a process and arrays of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda import lasting
from course_lib.paths import ROOT

pytestmark = [
    pytest.mark.needs("compiler"),
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks for processes in /proc"),
]
SOURCE = """extern "C" __global__ void add(float* x, float a) { x[threadIdx.x] += a; }
extern "C" __global__ void forever(int* x) { while (x[0]) __threadfence(); }
"""
PROGRAM = f"""
import os, sys, time
import numpy as np
from course_lib import cuda
from course_lib.cuda import lasting

module = cuda.compile({SOURCE!r}, device="host", lasting=True)
x = module.array(np.zeros(64, np.float32))
module["add"](1, 64, (x, 1))
print(lasting._service._child.pid, flush=True)
"""
ENDINGS = {
    "end of the program": "",
    "exception": "raise RuntimeError",
    "os._exit": "os._exit(3)",
    "interrupt": "os.kill(os.getpid(), 2); time.sleep(60)",
    "kill -9 of the parent": "os.kill(os.getpid(), 9)",
    "kill -9 of the parent in a launch": (
        "import threading; threading.Timer(0.5, os.kill, (os.getpid(), 9)).start()\\n"
        'module["forever"](1, 1, (module.array(np.ones(1, np.int32)),))'
    ),
    "kill -9 of the child": "os.kill(lasting._service._child.pid, 9)\\ntime.sleep(0.2)",
    "kill -9 of the parent while a fork lives": (
        "import signal\\nif os.fork(): os.kill(os.getpid(), 9)\\nos.close(1); os.close(2); time.sleep(3)"
    ),
}


def _soon(is_so) -> bool:
    until = time.monotonic() + 10
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


def _gone(pid: int) -> bool:
    def is_gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    return _soon(is_gone)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_nothing_is_left(ending, tmp_path):
    before = set(os.listdir("/dev/shm"))
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM + ending.replace("\\n", "\n")], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}, timeout=60,
    )  # fmt: skip
    assert _gone(int(run.stdout)), run.stderr
    # Other programs have files there, too, for a moment.
    assert _soon(lambda: set(os.listdir("/dev/shm")) <= before)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def module():
    return cuda.compile(SOURCE, device="host", lasting=True, time_limit=2)


def test_the_process_may_be_killed_at_launch_10_000(module):
    x = module.array(np.zeros(64, np.float32))
    add, failed = module["add"], []
    for launch in range(10_020):
        if launch == 10_000:
            os.kill(lasting._service._child.pid, signal.SIGKILL)
        try:
            add(1, 64, (x, 1))
        except cuda.KernelError as error:
            failed.append((launch, str(error)))
    assert failed == [(10_000, "kernel add was ended by signal 9")]
    assert x.tolist() == [10_019] * 64


def test_a_cell_that_is_interrupted_leaves_no_process_that_goes_on(module):
    x = module.array(np.ones(1, np.int32))
    module["add"](1, 1, (module.array(np.zeros(1, np.float32)), 1))
    child = lasting._service._child.pid
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        module["forever"](1, 1, (x,))
    assert _gone(child)
    module["add"](1, 1, (module.empty(1), 1))


def _in_a_fork(work) -> list[str]:
    """What `work` returns in a fork, as lines."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said = work()
        except BaseException as error:
            said = repr(error)
        os.write(write, str(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return text.splitlines()


def test_a_fork_keeps_the_values_and_shares_neither_memory_nor_process(module):
    x = module.array(np.arange(64, dtype=np.float32))
    view = x[32:]
    module["add"](1, 64, (x, 1))
    ours = lasting._service._child.pid

    def work():
        module["add"](1, 64, (x, 100))
        y = module.array(view)
        module["add"](1, 32, (y, 1000))
        return f"{x[0]} {view[0]} {y[0]} {lasting._service._child.pid}"

    x0, view0, y0, theirs = _in_a_fork(work)[0].split()
    assert (x0, view0, y0) == ("101.0", "133.0", "1133.0")
    assert int(theirs) != ours
    assert _gone(int(theirs))
    assert x[0] == 1
    module["add"](1, 64, (x, 1))
    assert (x[0], lasting._service._child.pid) == (2, ours)


def test_what_the_other_side_changes_after_a_fork_is_not_seen(module):
    x = module.array(np.zeros(1 << 20, np.float32))
    go, read = os.pipe()[::-1], None

    def work():
        os.read(go[1], 1)
        return x.max()

    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, str(work()).encode())
        os._exit(0)
    x[:] = 5
    os.write(go[0], b"x")
    assert os.read(read, 100) == b"0.0"
    os.waitpid(pid, 0)
    assert x.min() == 5


def test_forks_that_train_at_once_do_not_meet(module):
    x = module.array(np.zeros(64, np.float32))
    module["add"](1, 64, (x, 1))
    pids = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            for _ in range(200):
                module["add"](1, 64, (x, number))
            os._exit(0 if x.tolist() == [1 + 200 * number] * 64 else 1)
        pids.append(pid)
    for _ in range(200):
        module["add"](1, 64, (x, 1))
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    assert x.tolist() == [201] * 64


def test_threads_may_launch_at_the_same_time(module):
    arrays = [module.array(np.zeros(64, np.float32)) for _ in range(4)]

    def work(x):
        for _ in range(100):
            module["add"](1, 64, (x, 1))

    threads = [threading.Thread(target=work, args=(x,)) for x in arrays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [x.tolist() for x in arrays] == [[100] * 64] * 4
