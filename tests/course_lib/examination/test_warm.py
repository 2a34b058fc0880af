"""What a warm process forks is as if it had been started on its own."""

import pytest

from course_lib.examination.warm import OwnWarm


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("warm")
    with OwnWarm("course_lib.examination.unconfined", {}, {"HOME": str(folder), "PATH": ""}, folder) as warm:
        yield warm
        warm.close()


def printed(warm, source: str) -> str:
    """What a cell prints in a candidate of its own."""
    process = warm.start("candidate")
    try:
        process.channel.send("run", source, 30.0)
        _, outputs = process.channel.receive(60.0)
        return "".join(output.get("text", str(output.get("evalue"))) for output in outputs).strip()
    finally:
        process.end()


def test_hooks_of_modules_around_a_fork_are_called_in_what_a_cell_forks(warm):
    source = """
import os, logging, threading
lock = logging._lock
lock.acquire()  # as a thread would hold it that is not there after a fork
ready, report = os.pipe()
if os.fork() == 0:
    other = threading.Thread(target=lambda: os.write(report, b"free" if lock.acquire(timeout=1) else b"held"))
    other.start()
    other.join()
    os._exit(0)
os.wait()
print(os.read(ready, 9).decode())
"""
    assert printed(warm, source) == "free"


def test_a_cell_registers_hooks_of_its_own(warm):
    assert printed(warm, "import os\nprint(os.register_at_fork.__module__)") == "posix"


def test_two_processes_draw_different_random_numbers(warm):
    assert printed(warm, "import random\nprint(random.random())") != printed(
        warm, "import random\nprint(random.random())"
    )
