"""What the warm process has done before it forks leaves no trace in a notebook."""

import json
import os
import subprocess
import sys

import pytest

from course_lib.examination.warm import OwnWarm
from course_lib.paths import ROOT

SEEN = """\
import json, sys, threading
shell = get_ipython()
history = shell.history_manager
json.dumps([
    sorted(set(globals()) - {"json", "sys", "threading", "shell", "history"}),
    In[:-1], Out, _, __, ___, _i, _ii,
    shell.execution_count, history.input_hist_raw[:-1], sorted(shell.user_ns_hidden),
    shell.last_execution_succeeded, repr(shell.last_execution_result), threading.active_count(),
    sorted(set(vars(sys)) & {"last_type", "last_value", "last_traceback", "last_exc"}),
])"""
NEVER_WARM = f"""\
from course_lib.examination.shell import prepare
outputs = prepare().run({SEEN!r})
print(outputs[-1]["data"]["text/plain"])"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("warm")
    with OwnWarm("course_lib.examination.unconfined", {}, {"HOME": str(folder), "PATH": ""}, folder) as warm:
        yield warm


def shown(warm: OwnWarm, source: str) -> str:
    """What a cell shows as its value in a candidate of its own."""
    process = warm.start("candidate")
    try:
        process.channel.send("run", source, 30.0)
        _, outputs = process.channel.receive(60.0)
        return outputs[-1]["data"]["text/plain"]
    finally:
        process.end()


def plain(source: str) -> str:
    """What a program prints that no warm process has forked."""
    return subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_a_notebook_begins_as_in_a_process_that_has_run_no_cell(warm):
    assert json.loads(eval(shown(warm, SEEN))) == json.loads(eval(plain(NEVER_WARM)))


def test_a_fork_of_the_warm_process_trains_though_that_has_trained_before(warm):
    warm.bring(["torch"])
    source = """
import torch
model = torch.nn.Linear(1, 1)
torch.nn.functional.mse_loss(model(torch.ones(4, 1)), torch.zeros(4, 1)).backward()
bool(model.weight.grad.abs().sum() > 0)"""
    assert shown(warm, source) == "True"


def test_training_leaves_random_numbers_and_threads_of_torch_as_they_were():
    source = """
import os, torch
torch.set_num_threads(1)
from course_lib.examination.warm_up import train
state, grad, threads = torch.get_rng_state(), torch.is_grad_enabled(), len(os.listdir("/proc/self/task"))
train()
print(bool((torch.get_rng_state() == state).all()), torch.is_grad_enabled() == grad,
      len(os.listdir("/proc/self/task")) == threads)"""
    if sys.platform != "linux":
        source = source.replace('os.listdir("/proc/self/task")', "[]")
    assert plain(source).split() == ["True"] * 3
