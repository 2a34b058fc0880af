"""The process of one kernel can compute and nothing else, and what it reports must fit its launch."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import cuda
from course_lib.call_filter import ALLOW, ARCHITECTURES, ERROR
from course_lib.cuda import child, device_calls
from course_lib.paths import ROOT
from tests.call_filters import verdict

MACHINES = pytest.mark.parametrize("machine", ARCHITECTURES)
REFUSED = ERROR | errno.EPERM


def _said(machine: str, number: int, *arguments: int) -> int:
    return verdict(device_calls.program(machine), ARCHITECTURES[machine][1], number, *arguments)


@MACHINES
def test_every_call_that_is_not_listed_is_refused(machine):
    here = ARCHITECTURES[machine][0]
    allowed = {numbers[here] for numbers in device_calls.ALLOWED.values()} - {None}
    others = {device_calls.OPEN[here], device_calls.OPENAT[here], device_calls.CLONE3[here]}
    for number in range(600):
        if number not in others:
            assert _said(machine, number) == (ALLOW if number in allowed else REFUSED), number


@MACHINES
def test_files_are_opened_for_reading_only(machine):
    number = device_calls.OPENAT[ARCHITECTURES[machine][0]]
    assert _said(machine, number, 0, 0, os.O_RDONLY | os.O_CLOEXEC) == ALLOW
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND, os.O_TMPFILE):
        assert _said(machine, number, 0, 0, flag) == REFUSED


@MACHINES
def test_threads_are_begun_and_no_processes(machine):
    number = device_calls.CLONE[ARCHITECTURES[machine][0]]
    assert _said(machine, number, 0x003D0F00) == ALLOW, "as the C library starts a thread"
    assert _said(machine, number, 17) == REFUSED, "fork"


TRIES = """
import errno, json, os, socket, sys
sys.path.insert(0, sys.argv[2])
from course_lib.cuda import runner
said = {}
runner._give_up(bytes.fromhex(sys.argv[1]))
for name, attempt in {
    "write a file": lambda: open(sys.argv[3], "w"),
    "change the memory of another": lambda: open("/proc/%d/mem" % os.getppid(), "r+b"),
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "start a process": os.fork,
    "end another": lambda: os.kill(os.getppid(), 0),
    "a socket": socket.socket,
    "remove a file": lambda: os.unlink(sys.argv[3]),
    "read a file": lambda: open(sys.argv[0]).close(),
}.items():
    try:
        attempt()
        said[name] = 0
    except OSError as error:
        said[name] = error.errno
print(json.dumps(said))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters of system calls are Linux's")
def test_once_it_has_given_up_the_process_reaches_nobody(tmp_path):
    script = tmp_path / "tries.py"
    script.write_text(TRIES)
    command = [sys.executable, str(script), child.call_filter().hex(), str(ROOT), str(tmp_path / "x")]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert said.pop("read a file") == 0
    assert said == dict.fromkeys(said, errno.EPERM)


SOURCE = """
extern "C" __global__ void k(const float* a, float* b, int n) {
  int i = threadIdx.x;
  if (i < n) b[i] = a[i] + 1;
}
"""
FORGED = {
    "fewer writes than elements that changed": lambda raw: raw["arrays"][1].update(cells_written=31),
    "reads left out in one place": lambda raw: raw["arrays"][0].update(reads=1),
    "another size": lambda raw: raw["arrays"][1].update(bytes=8),
    "another array": lambda raw: raw["arrays"][1].update(name="c"),
    "no array": lambda raw: raw["arrays"].clear(),
    "negative counts": lambda raw: [stat.update(sectors=-1) for stat in raw["stats"]],
    "counts that are words": lambda raw: raw["arrays"][0].update(cells_written="0"),
    "no list at all": lambda raw: raw.update(arrays=None),
}


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("change", [None, *FORGED.values()], ids=["nothing changed", *FORGED])
def test_a_forged_report_is_refused(change, monkeypatch):
    said = child._said

    def forged(written: bytes):
        raw = said(written)
        change(raw)
        return raw

    a, b = np.zeros(32, np.float32), np.zeros(32, np.float32)
    module = cuda.compile(SOURCE, device="host")
    if change is None:
        report = module.inspect("k", 1, 32, (a, b, np.int32(32)))
        assert (report.ok, report.reads["a"], report.writes["b"]) == (True, 32, 32)
        return
    monkeypatch.setattr(child, "_said", forged)
    with pytest.raises(cuda.KernelError, match="is not believed"):
        module.inspect("k", 1, 32, (a, b, np.int32(32)))
    assert not b.any()


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(("read", "kept"), [("_said", -20), ("_answered", -1), ("_answered", 3)])
def test_a_report_or_an_answer_that_was_cut_is_one_line(monkeypatch, read, kept):
    whole = getattr(child, read)
    monkeypatch.setattr(child, read, lambda written: whole(written[:kept]))
    a, b = np.zeros(32, np.float32), np.zeros(32, np.float32)
    with pytest.raises(cuda.KernelError, match="ended while it reported"):
        cuda.compile(SOURCE, device="host").inspect("k", 1, 32, (a, b, np.int32(32)))
