"""Fixtures for several rooms: a mirror on this machine, for tests of downloads."""

import functools
import http.server
import threading

import pytest


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder that a server on loopback gives out, and its address."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pause before it tries again
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(handler.func, "log_message", lambda *_: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
