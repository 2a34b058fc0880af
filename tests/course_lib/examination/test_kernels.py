"""The process that builds kernels for a test compiles each source once, whatever becomes of it."""

import socket
import threading

import pytest

from course_lib.cuda.errors import CompileError
from course_lib.examination import kernels
from course_lib.examination.wire import Channel


@pytest.fixture
def asked(monkeypatch):
    """A channel to it, and the sources that it has compiled."""
    compiled = []

    def build(source, filename, compiler, inspected):
        compiled.append(source)
        raise CompileError(f"no: {source}", [(1, "no")])

    monkeypatch.setattr(kernels, "build", build)
    monkeypatch.setattr(kernels, "preferred", lambda: None)
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=kernels.serve, args=(Channel(theirs), 1.0))
    serving.start()
    yield Channel(ours), compiled
    ours.close()
    serving.join()
    theirs.close()


def test_a_source_that_is_refused_is_not_compiled_again_and_refused_in_the_same_words(asked):
    channel, compiled = asked
    for source in ("a", "a", "b", "a"):
        channel.send("build", source, "kernel.cu", False)
        assert channel.receive(60) == ["refused", f"no: {source}", [[1, "no"]]]
    assert compiled == ["a", "b"]
