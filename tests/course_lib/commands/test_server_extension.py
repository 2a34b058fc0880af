"""The extension of Jupyter's server: notebooks on a hub, `course` in a terminal, and no end to a server."""

import logging
import os
import subprocess
import sysconfig
from types import SimpleNamespace

import pytest

from course_lib.commands import server_extension, workspace

SCRIPTS = sysconfig.get_path("scripts")


@pytest.fixture
def server():
    return SimpleNamespace(log=logging.getLogger("hub"), terminado_settings={})


@pytest.fixture
def prepared(monkeypatch):
    """What a call of workspace.prepare() left here: one entry a call."""
    calls = []

    def prepare():
        calls.append(1)
        return ["new: q01_first/work.ipynb"]

    monkeypatch.setattr(workspace, "prepare", prepare)
    return calls


@pytest.mark.parametrize("user", [None, "ada"])
def test_notebooks_are_brought_to_users_of_a_hub_and_to_nobody_else(server, prepared, monkeypatch, user):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    if user:
        monkeypatch.setenv("JUPYTERHUB_USER", user)
    server_extension._link_jupyter_server_extension(server)
    assert len(prepared) == (user is not None)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("cells")])
def test_a_server_starts_where_the_notebooks_cannot_be_brought_and_its_log_says_why(
    server, monkeypatch, caplog, error
):
    def full():
        raise error

    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.setattr(workspace, "prepare", full)
    with caplog.at_level(logging.ERROR):
        server_extension._link_jupyter_server_extension(server)
    (record,) = caplog.records
    assert record.getMessage().startswith("course: the notebooks could not be brought to ")
    assert str(error) in record.getMessage()


@pytest.mark.skipif(os.name != "posix", reason="login shells are POSIX")
def test_a_terminals_login_shell_ends_with_the_courses_programs_on_the_path(server, monkeypatch, tmp_path):
    shell = tmp_path / "my shell"
    # As a login shell it sets the PATH anew and runs what follows; as any other it says the PATH.
    login = 'PATH=/usr/bin:/bin; export PATH; exec sh "$2" "$3"'
    shell.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then {login}; fi\necho "$PATH"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    server_extension.put_on_path(server)
    assert os.environ["PATH"] == f"/usr/bin:/bin{os.pathsep}{SCRIPTS}"
    command = server.terminado_settings["shell_command"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"/usr/bin:/bin{os.pathsep}{SCRIPTS}\n"
    server_extension.put_on_path(server)
    assert os.environ["PATH"].count(SCRIPTS) == 1


def test_a_shell_that_the_administrator_chose_stays(server):
    server.terminado_settings = {"shell_command": ["/bin/fish"]}
    server_extension.put_on_path(server)
    assert server.terminado_settings == {"shell_command": ["/bin/fish"]}
