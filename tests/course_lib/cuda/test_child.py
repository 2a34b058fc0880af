"""A launch in a process of its own leaves nothing behind, whatever ends the one that asked for it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.cuda import runner
from course_lib.paths import ROOT

pytestmark = [
    pytest.mark.needs("compiler"),
    pytest.mark.skipif(sys.platform == "win32", reason="names of open files cannot be taken away there"),
]
PROGRAM = """
import numpy as np
from course_lib import cuda

source = 'extern "C" __global__ void forever(int* x) { while (x[0]) __threadfence(); }'
cuda.compile(source, device="host").inspect("forever", 1, 1, (np.ones(1, np.int32),))
"""


def _soon(find):
    until = time.monotonic() + 60
    while not (found := find()) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def _launches(asking: psutil.Process) -> list[psutil.Process]:
    return [child for child in asking.children() if runner.FOLDER in child.cmdline()]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_no_file_stays_where_the_process_that_waits_for_a_kernel_is_ended(ending):
    launches = []
    asking = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        launches = _soon(lambda: _launches(psutil.Process(asking.pid)))
        (launch,) = launches
        folder = Path(launch.cmdline()[-1]).parent
        assert folder.name.startswith("course_run_")
        assert _soon(lambda: not folder.exists()), "the names of the files are still there"
        asking.send_signal(ending)
        asking.wait(60)
        assert not folder.exists()
    finally:
        asking.kill()
        asking.wait()
        for launch in launches:  # nobody waits for its kernel any more
            if launch.is_running():
                launch.kill()
