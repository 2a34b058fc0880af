"""Ranks started from a notebook's kernel: an interrupt ends them, and so does the end of the kernel."""

import sys
import time

import pytest
from jupyter_client.manager import KernelManager

from tests.course_lib.ranks.test_processes import gone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]

START = """
from course_lib.costs.layouts import Layout
from course_lib.parallelism import inference
from course_lib.parallelism.job import Job
from course_lib.ranks.processes import Ranks

with Ranks(2) as ranks:
    print("pids", *ranks.pids, flush=True)
    inference.run(ranks, Job(answer=10**5, layer_seconds=0.01), Layout(tensor=2))
"""


@pytest.fixture
def kernel():
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def started(client) -> list[int]:
    """Run the cell, wait until its ranks are at work, and return their process ids."""
    client.execute(START, stop_on_error=False)  # an error would abort the next request if it came at once
    end = time.monotonic() + 120
    while time.monotonic() < end:
        message = client.get_iopub_msg(timeout=120)
        text = message["content"].get("text", "")
        if text.startswith("pids"):
            time.sleep(0.5)  # let them be in the middle of it
            return [int(word) for word in text.split()[1:]]
    raise AssertionError("the ranks did not start")


def test_interrupting_the_cell_ends_the_ranks_and_leaves_the_kernel_alive(kernel):
    manager, client = kernel
    pids = started(client)
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=60)
    while reply["msg_type"] != "execute_reply":
        reply = client.get_shell_msg(timeout=60)
    assert reply["content"].get("ename") == "KeyboardInterrupt"
    assert gone(pids)
    assert client.execute_interactive("1 + 1", timeout=60)["content"]["status"] == "ok"


@pytest.mark.parametrize("at_once", [False, True], ids=["restart", "killed"])
def test_the_end_of_the_kernel_ends_the_ranks(kernel, at_once):
    manager, client = kernel
    pids = started(client)
    manager.shutdown_kernel(now=at_once)
    assert gone(pids)
