"""Memory of a process is gathered on huge pages, and nothing in it is changed."""

import mmap
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.examination import huge_pages
from course_lib.paths import ROOT

ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
SOURCE = """
import mmap, re
from course_lib.examination.huge_pages import gather
def huge():
    return int(re.search(r"AnonHugePages: +([0-9]+)", open("/proc/self/smaps_rollup").read())[1])
memory = mmap.mmap(-1, 16 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for place in range(0, len(memory), 4096):
    memory[place] = place // 4096 % 251
before = huge()
gather()
same = all(memory[place] == place // 4096 % 251 for place in range(0, len(memory), 4096))
print(before, huge(), same)
"""


def has_collapse() -> bool:
    """Whether this kernel gathers memory when it is asked to."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release) if hasattr(os, "uname") else None
    known = sys.platform == "linux" and found and tuple(map(int, found.groups())) >= (6, 1)
    return bool(known and ENABLED.exists() and "[never]" not in ENABLED.read_text())


@pytest.mark.skipif(not has_collapse(), reason="this kernel has no MADV_COLLAPSE, or no huge pages")
def test_memory_is_on_huge_pages_afterwards_and_holds_what_it_held():
    told = subprocess.run([sys.executable, "-c", SOURCE], env={**os.environ, "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    before, after, same = told
    assert same == "True"
    assert int(after) - int(before) >= 12 << 10  # KB


def test_ranges_are_private_memory_of_no_file(tmp_path):
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process its ranges")
    (tmp_path / "file").write_bytes(bytes(8 << 20))
    with open(tmp_path / "file", "r+b") as file, mmap.mmap(file.fileno(), 0) as of_file:
        of_file[0] = 1
        ranges = list(huge_pages._own())
        maps = Path("/proc/self/maps").read_text().splitlines()
        (place,) = [line.split()[0] for line in maps if line.endswith("/file")]
        begin = int(place.split("-")[0], 16)
        assert ranges
        assert not any(first <= begin < last for first, last in ranges)


def test_elsewhere_than_on_linux_nothing_is_done(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(huge_pages, "_own", lambda: pytest.fail("looked for ranges"))
    huge_pages.gather()
