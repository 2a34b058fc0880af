"""The Azure trace over a loopback server: kept once its sum is right, refused in one line otherwise."""

import functools
import hashlib
import http.server
import threading

import pytest

from course_lib import datasets
from course_lib.errors import UserError
from course_lib.serving import Trace

CSV = b"""TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
"""


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A small trace served under the real name, with its own sum."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pause before it tries again
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "AzureLLMInferenceTrace_conv.csv").write_bytes(CSV)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(handler.func, "log_message", lambda *_: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_downloaded_trace_is_read(mirror, tmp_path, monkeypatch):
    monkeypatch.setitem(datasets.AZURE_SHA256, "conv", hashlib.sha256(CSV).hexdigest())
    trace = Trace.from_csv(datasets.azure_trace("conv", [mirror], tmp_path / "cache"))
    assert trace.input_tokens.tolist() == [374, 396]
    assert trace.arrival.tolist() == pytest.approx([0, 4.314579], abs=1e-6)


def test_a_file_with_another_sum_is_refused_and_the_twin_is_named(mirror, tmp_path):
    with pytest.raises(UserError, match=r"wrong SHA256 sum.*Trace.like_azure\(\"conv\"\)"):
        datasets.azure_trace("conv", [mirror], tmp_path / "cache")


def test_another_kind_is_named():
    with pytest.raises(ValueError, match="conv, code, not 'chat'"):
        datasets.azure_trace("chat")
