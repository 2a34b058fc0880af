"""Starting servers: the port, the address, and an end that leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from course_lib.commands.servers import free_port
from course_lib.errors import UserError

ROOT = Path(__file__).resolve().parents[3]

# A stand-in that answers at once; JupyterLab itself is started in tests/browser/.
SERVE = """
import sys
from course_lib.commands import servers
port = servers.free_port(None, 18000)
command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
address = f"http://127.0.0.1:{port}/"
servers.serve("The page", command, address, address, False, {})
"""


ONE_ANSWER = """
import http.server, sys
with http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler) as server:
    server.handle_request()
"""


def test_a_taken_port_is_refused_by_number():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use"):
            free_port(port)


def test_without_a_wish_the_next_free_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(None, first=port) > port


CLAIM = (
    "from course_lib.commands.servers import free_port; print(free_port(None, 18200), flush=True); input()"
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ports are claimed on Linux")
def test_a_class_that_starts_at_the_same_moment_gets_a_port_each():
    command = [sys.executable, "-c", CLAIM]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    students = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(8)]
    ports = [int(student.stdout.readline()) for student in students]
    for student in students:
        student.communicate("\n")
    assert len(set(ports)) == len(ports)
    assert free_port(None, first=min(ports)) == min(ports), "a process that has ended claims nothing"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_command_ends_the_server(how):
    command = [sys.executable, "-c", SERVE]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    address = process.stdout.readline().split(" runs at ")[1].strip()
    urllib.request.urlopen(address, timeout=10).close()
    os.kill(process.pid, how)
    process.wait(20)
    process.stdout.close()
    process.stderr.close()
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(address.rsplit(":", 1)[1].strip("/")))):
                return
        time.sleep(0.05)
    pytest.fail("the server still answers")


def test_a_proxy_of_the_network_is_not_asked_for_a_server_on_this_machine(monkeypatch):
    from course_lib.commands import servers

    said = []
    monkeypatch.setattr(servers, "print", lambda text, **_: said.append(text), raising=False)
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{never_answers.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        port = free_port(None, 18100)
        command = [sys.executable, "-c", ONE_ANSWER, str(port)]
        address = f"http://127.0.0.1:{port}/"
        servers.serve("The page", command, address, address, False, {})
    assert said[0].startswith(f"The page runs at {address}")


def test_a_server_that_ends_at_once_is_told_by_its_last_line():
    from course_lib.commands.servers import serve

    dying = [sys.executable, "-c", "raise SystemExit('no such option')"]
    with pytest.raises(UserError, match="The page did not start: no such option"):
        serve("The page", dying, "http://127.0.0.1:9/", "http://127.0.0.1:9/", False, {})


def test_a_students_server_has_nbgraders_assignment_list_only_with_an_exchange(monkeypatch):
    from course_lib.commands.servers import SETTINGS, student_settings

    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    assert student_settings() == {"JUPYTER_CONFIG_PATH": str(SETTINGS / "student")}
    monkeypatch.setenv("COURSE_EXCHANGE", "/srv/exchange")
    folders = student_settings()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert folders == [str(SETTINGS / "exchange"), str(SETTINGS / "student")]  # what stands first decides
