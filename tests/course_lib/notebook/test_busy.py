"""How much others take of the machine is counted without what this program and its children take."""

import contextlib
import subprocess
import sys
import time

import psutil
import pytest

from course_lib.notebook import busy
from course_lib.notebook.busy import Watch

SPIN = [sys.executable, "-c", "while True: pass"]


def work(seconds: float) -> None:
    """Take so much of a processor, however long that takes."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Machine:
    """psutil's numbers, set by hand: seconds of everybody and of this program."""

    Error = psutil.Error

    def __init__(self, monkeypatch):
        self.clock = self.everybody = self.own = 0.0
        monkeypatch.setattr(busy, "_now", lambda: busy._Processor(self.clock, self.everybody, self.own))

    def passes(self, seconds: float, others: float, own: float = 1.0) -> None:
        self.clock += seconds
        self.everybody += seconds * (others + own)
        self.own += seconds * own


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_others_are_counted_from_the_beginning_of_the_cell(machine):
    watch = Watch()
    machine.passes(60, others=2)
    watch.cell_begins()
    machine.passes(10, others=0.5)
    assert watch.others() == pytest.approx(0.5)


def test_a_cell_that_looks_at_what_a_long_one_measured_knows_how_busy_it_was_then(machine):
    watch = Watch()
    watch.cell_begins()
    machine.passes(10, others=1.5)
    watch.cell_ends()
    for _ in range(3):
        watch.cell_begins()
        machine.passes(0.5, others=0)
        assert watch.others() == pytest.approx(1.5)
        watch.cell_ends()
    watch.cell_begins()
    machine.passes(5, others=0.1)
    watch.cell_ends()
    assert watch.others() == pytest.approx(0.1)


def test_less_than_the_clocks_resolve_is_nobody(machine):
    watch = Watch()
    machine.passes(0.05, others=2)
    assert watch.others() == 0


def test_what_this_program_and_its_children_take_is_not_others():
    before = busy._now()
    with contextlib.ExitStack() as ended:
        for _ in range(2):
            process = subprocess.Popen(SPIN)
            ended.callback(process.wait)
            ended.callback(process.kill)
        work(0.6)
    after = busy._now()
    cpu = after.own - before.own
    assert cpu > 0.5, "this program alone took more"
    assert after.everybody - before.everybody >= cpu - 0.2  # clocks of a hundredth of a second each


def test_where_the_system_does_not_say_nobody_is_blamed(monkeypatch):
    def refused(*_):
        raise PermissionError("/proc/stat")

    monkeypatch.setattr(psutil, "cpu_times", refused)
    watch = Watch()
    watch.cell_begins()
    work(0.2)
    assert watch.others() == 0
