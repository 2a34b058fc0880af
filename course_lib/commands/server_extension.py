"""What the course adds to a Jupyter server: on a hub, the notebooks; everywhere, `course` in a terminal.

The environment into which the course is installed switches it on, by lab_settings/course_lib.json. So
JupyterHub, TLJH and Binder need no step of their own: each starts a server for each user.
"""

import os
import shlex
import sysconfig

from course_lib.commands import start_page, workspace


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": __name__}]


def _link_jupyter_server_extension(server) -> None:
    """Called while `server` (jupyter_server's ServerApp) is set up: before it has terminals, or a page."""
    put_on_path(server)
    # Set for each server that a hub starts; ./course lab has prepared the workspace itself.
    if "JUPYTERHUB_USER" in os.environ:
        bring_notebooks(server.log)


def _load_jupyter_server_extension(server) -> None:
    """Nothing is left to do by then; a server takes no extension without this function."""


def put_on_path(server) -> None:
    """Find `course` and `nbgrader` in terminals and kernels, after all that is on the PATH already.

    A login shell sets PATH again from nothing, so it is followed by one that adds to it.
    """
    scripts = sysconfig.get_path("scripts")
    path = os.environ.get("PATH", os.defpath)
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([path, scripts])
    if os.name != "posix" or "shell_command" in server.terminado_settings:
        return
    shell = os.environ.get("SHELL") or "/bin/sh"
    again = f'exec env PATH="$PATH":{shlex.quote(scripts)} {shlex.quote(shell)}'
    server.terminado_settings = {**server.terminado_settings, "shell_command": [shell, "-l", "-c", again]}


def bring_notebooks(log) -> None:
    """Prepare the workspace; whatever keeps it from that is logged, and the server starts all the same.

    With a full home a person needs the server, to delete something.
    """
    try:
        for line in workspace.prepare():
            log.info("course: %s", line)
        start_page.write()
    except Exception as error:
        log.error("course: the notebooks could not be brought to %s: %s", workspace.folder(), error)
