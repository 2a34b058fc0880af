"""Starting JupyterLab and Voilà on this machine, and saying in one line where they are."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from course_lib.errors import UserError
from course_lib.paths import ROOT, own_folder

ANSWERS_WITHIN = 90  # seconds; a cold start from a slow disk takes 20
SETTINGS = ROOT / "course_lib" / "commands" / "lab_settings"
DEMO_PAGE = ROOT / "course_lib" / "commands" / "demo_page"  # Voilà's page for demos
_NOT_ON_A_DEMO = ["@jupyter-notebook/lab-extension", "@jupyter/nbgrader"]
# Nothing is asked of any machine but this one: no update check, no news, no list of extensions.
QUIET = [
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    f"--LabApp.app_settings_dir={SETTINGS}",
]
# What settings of the machine or of the user's other work would change about the address that is printed.
ADDRESS = [
    "--ServerApp.base_url=/",
    "--ServerApp.certfile=",
    "--ServerApp.keyfile=",
    "--ServerApp.client_ca=",
]
# The server is on this machine, whatever proxy the network wants for others.
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_CLAIMS: dict[int, socket.socket] = {}


def free_port(wanted: int | None, first: int = 8888) -> int:
    """`wanted` if it is free, else UserError; without a wish the first free port from `first` on.

    Without a wish the port stays claimed until this process ends, so that a class that starts at the same
    moment on one machine gets a port each (on Linux).
    """
    for port in [wanted] if wanted else range(first, first + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                if _claim(port) or port == wanted:
                    return port
    raise UserError(f"Port {wanted or first} is in use; choose another with --port.")


def _claim(port: int) -> bool:
    """Whether no other process of the course is about to listen on `port`; it is this one's from now on.

    A server listens only seconds after its port was chosen. Until then a socket in Linux's abstract
    namespace stands for it: all accounts see its name, and no end of a process leaves it behind.
    """
    if port in _CLAIMS or not sys.platform.startswith("linux"):
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0course-port-{port}")
    except OSError:
        claim.close()
        return False
    _CLAIMS[port] = claim
    return True


def run_lab(
    folder: Path,
    opens: str,
    browser: bool,
    port: int | None,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """JupyterLab in `folder`, opened on the file `opens`; returns when it is stopped.

    `environment` is added to the server's; by default what makes it a student's.
    """
    environment = student_settings() if environment is None else environment
    port = free_port(port)
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={folder}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"]
    # The course remembers its own open tabs, and leaves those of the user's other work alone.
    command.append(f"--LabApp.workspaces_dir={folder / '.layout'}")
    if getattr(os, "geteuid", lambda: 1)() == 0:
        command.append("--allow-root")  # in a container everybody is root; the port is loopback only
    command += [*ADDRESS, *QUIET, *options]
    address = f"http://127.0.0.1:{port}/lab/tree/{quote(opens)}?token={token}"
    # In the environment, since other accounts can read a command's words.
    environment = {**_own_settings(folder / ".layout"), **environment, "JUPYTER_TOKEN": token}
    serve("JupyterLab", command, address, f"http://127.0.0.1:{port}/api", browser, environment, cwd)


def student_settings() -> dict[str, str]:
    """Variables of a student's server: nbgrader's Assignment List where COURSE_EXCHANGE names an exchange.

    Without nbgrader's parts the server starts three seconds sooner and its menus stay away. Its Validate
    button runs a notebook in the server, which can leave that in a state in which no demo moves; students
    have check.
    """
    folders = [SETTINGS / "student"]
    if os.environ.get("COURSE_EXCHANGE"):
        folders.insert(0, SETTINGS / "exchange")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(map(str, folders))}


def _own_settings(folder: Path) -> dict[str, str]:
    """Variables that set aside what the user set Jupyter and IPython up for in other work.

    A kernel then starts as the grader's does, without start-up files. Theme and key bindings stay the user's.
    """
    users = os.environ.get("JUPYTER_CONFIG_DIR") or Path.home() / ".jupyter"
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTERLAB_SETTINGS_DIR": os.environ.get("JUPYTERLAB_SETTINGS_DIR")
        or str(Path(users) / "lab" / "user-settings"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PATH": "",  # another Python's kernel may stand there under the name of ours
        "JUPYTER_CONFIG_PATH": "",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def run_demo(folder: Path, name: str, browser: bool, port: int | None) -> None:
    """Voilà on the demos in `folder`, opened on `name`, its kernel started before the page is asked for."""
    demos = sorted(path.stem for path in folder.glob("*.ipynb"))
    if name not in demos:
        raise UserError(f"There is no demo {name!r}; there are: {', '.join(demos)}.")
    port = free_port(port, first=8866)
    command = [sys.executable, "-m", "voila", str(folder), "--no-browser", f"--port={port}"]
    command += ["--Voila.ip=127.0.0.1", "--template=demo", "--preheat_kernel=True"]
    # Parts of JupyterLab's own pages, which a demo's page lacks.
    command.append(f"--VoilaConfiguration.extension_denylist={_NOT_ON_A_DEMO}")
    # Only this page's: otherwise Voilà starts a kernel for every demo of the folder at once.
    pool = {"default": {"pool_size": 0}, f"{name}.ipynb": {"pool_size": 1}}
    command.append(f"--VoilaKernelManager.kernel_pools_config={pool}")
    address = f"http://127.0.0.1:{port}/voila/render/{quote(name)}.ipynb"
    layout = own_folder() / "layout"
    layout.mkdir(parents=True, exist_ok=True)  # without it each kernel leaves a folder of IPython's in /tmp
    own = _own_settings(layout) | {"JUPYTER_PATH": str(DEMO_PAGE)}
    serve("The demo", command, address, f"http://127.0.0.1:{port}/", browser, own)


def serve(
    what: str,
    command: list[str],
    address: str,
    answers: str,
    browser: bool,
    environment: Mapping[str, str],
    cwd: Path = ROOT,
) -> None:
    """Run a server until it ends or Ctrl-C; print `address` once `answers` replies."""
    log_path = own_folder() / f"{what.split()[-1].lower()}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # A polite kill must end the server too, so it takes the same way out as Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with open(log_path, "w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=cwd, env={**os.environ, **environment}
        )
    try:
        _wait_until_it_answers(process, answers, what, log_path)
        print(f"{what} runs at {address}\nStop it with Ctrl-C. Its log: {log_path}", flush=True)
        if browser:
            webbrowser.open(address)
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(process: subprocess.Popen, url: str, what: str, log_path: Path) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            last = (log_path.read_text().strip().splitlines() or ["it said nothing"])[-1]
            raise UserError(f"{what} did not start: {last} (whole log: {log_path})")
        try:
            _NO_PROXY.open(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # an answer all the same
        except OSError:
            time.sleep(0.1)
    raise UserError(f"{what} did not answer within {ANSWERS_WITHIN} s; see {log_path}.")
