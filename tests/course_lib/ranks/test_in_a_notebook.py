"""A function of a cell runs on ranks, and whatever ends the cell or its kernel ends them."""

import sys
import time

import pytest
from jupyter_client.manager import KernelManager

from tests.course_lib.ranks.test_processes import gone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]

CELLS = [
    """
import math
import numpy as np
from course_lib.ranks.processes import Ranks
FACTOR = 3
weights = np.ones(2)
""",
    """
class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * np.asarray(x)
""",
    """
def total(x):
    value = torch.as_tensor(Scale(FACTOR)(x)).sum() + math.floor(0.5)
    dist.all_reduce(value)
    return value.item()

def total_of_weights(x):
    return weights.sum()

def divide(x):
    return x / 0

def for_ever(folder):
    open(f"{folder}/{dist.get_rank()}", "w").close()
    while True:
        dist.all_reduce(torch.ones(1))
""",
    """
ranks = Ranks(2)
print("pids", *ranks.pids, flush=True)
""",
]


@pytest.fixture(scope="module")
def manager():
    """Of a kernel that one test takes after the other, as long as it lives."""
    manager = KernelManager(kernel_name="python3")
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(manager):
    if not manager.has_kernel:
        manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield manager, client
    finally:
        client.stop_channels()


def said(client, text: str) -> tuple[str, str]:
    """What a cell prints, and its error."""
    parts = []

    def hook(message):
        if message["msg_type"] == "stream":
            parts.append(message["content"]["text"])

    reply = client.execute_interactive(text, timeout=120, output_hook=hook)["content"]
    return "".join(parts), f"{reply.get('ename', '')}: {reply.get('evalue', '')}"


@pytest.fixture
def pids(kernel):
    """Of the ranks that the cells have started."""
    for cell in CELLS:
        printed, error = said(kernel[1], cell)
        assert error == ": "
    return [int(word) for word in printed.split()[1:]]


def in_the_middle(client, folder) -> None:
    """Have both ranks add up for ever, and come back when they do."""
    client.execute(f"ranks.call(for_ever, {str(folder)!r})", stop_on_error=False)
    end = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_functions_and_classes_of_cells_run_as_they_are_now(kernel, pids):
    client = kernel[1]
    assert said(client, "print(ranks.call(total, [1, 2]))")[0].strip() == "[18, 18]"
    again = CELLS[2].replace("math.floor(0.5)", "1")
    assert said(client, again)[1] == ": "
    assert said(client, "print(ranks.call(total, [1, 2]))")[0].strip() == "[20, 20]"
    error = said(client, "ranks.call(total_of_weights, 1)")[1]
    assert error.startswith("ValueError: total_of_weights uses weights, which no other process can see")
    error = said(client, "ranks.call(divide, 1)")[1]
    assert error.startswith("RankEnded: rank ")
    assert error.endswith("ended: ZeroDivisionError: division by zero, in line 2 of divide: return x / 0")
    assert gone(pids)


def test_interrupting_the_cell_ends_the_ranks_with_one_line_and_leaves_the_kernel_alive(
    kernel, pids, tmp_path
):
    manager, client = kernel
    in_the_middle(client, tmp_path)
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=60)
    while reply["msg_type"] != "execute_reply":
        reply = client.get_shell_msg(timeout=60)
    told = reply["content"]
    assert (told.get("ename"), told.get("evalue")) == ("KeyboardInterrupt", "all 2 ranks were stopped")
    assert gone(pids)
    assert said(client, "print(1 + 1)")[0].strip() == "2"


@pytest.mark.parametrize("how", ["restart", "killed"])
def test_the_end_of_the_kernel_ends_the_ranks(kernel, pids, how, tmp_path):
    manager, client = kernel
    in_the_middle(client, tmp_path)
    if how == "restart":
        manager.restart_kernel(now=False)
    else:
        manager.shutdown_kernel(now=True)
    assert gone(pids)
