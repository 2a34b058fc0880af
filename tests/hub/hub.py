"""A JupyterHub that runs by the configuration in docs/hub.md, with the login of tests."""

import re
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from course_lib.commands.servers import free_port
from tests.hub import proxy
from tests.hub.edition import ROOT

PASSWORD = "of the tests"
WAIT = 300  # seconds for a server to start, on a machine that may be busy
# What each hub has of its own. The service may start servers and ask them, as a person who is logged in.
OWN = """
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allowed_users = {{"ada", "ben", "grace"}}
c.JupyterHub.services = [{{"name": "tests", "api_token": "{token}"}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": scopes}}]
c.Spawner.args.append("--LabApp.expose_app_in_browser=True")
c.Spawner.environment["OMP_NUM_THREADS"] = "1"
"""


def documented() -> str:
    """The configuration that docs/hub.md gives."""
    page = (ROOT / "docs" / "hub.md").read_text("utf-8")
    (found,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.S) if "load_subconfig" in code]
    return found


class Hub:
    """The running hub. `url` ends without a slash."""

    def __init__(self, installed, log: Path):
        self._log = log
        self._token = secrets.token_hex(16)
        ports, last = {}, 19000
        for name in ("public", "hub", "api"):
            ports[name] = last = free_port(None, last + 1)
        self.url = f"http://127.0.0.1:{ports['public']}"
        text = documented()
        places = {
            "workbook": installed.edition,
            "exchange": installed.exchange,
            "drop": installed.drop,
            "course": installed.teaching,
        }
        for written, here in places.items():
            assert f"/srv/{written}" in text
            text = text.replace(f"/srv/{written}", str(here))
        folder = installed.machine.folder / "hub"
        folder.mkdir()
        own = OWN.format(password=PASSWORD, token=self._token, **ports)
        (folder / "jupyterhub_config.py").write_text(text + own)
        with open(log, "w") as file:
            self._process = installed.machine.start(
                "root",
                [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
                cwd=folder,
                environment=proxy.ENVIRONMENT,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self._until("the hub answers", lambda: self.api("GET", "").ok)

    def api(self, method: str, path: str, **options) -> requests.Response:
        return self._ask(method, f"{self.url}/hub/api/{path}", **options)

    def user(self, method: str, name: str, path: str, **options) -> requests.Response:
        """What a person's server answers."""
        return self._ask(method, f"{self.url}/user/{name}/{path}", **options)

    def start(self, *names: str) -> None:
        """Start the servers of these people, all at once; returns when all of them answer."""
        with ThreadPoolExecutor(len(names)) as at_once:
            answers = at_once.map(lambda name: self.api("POST", f"users/{name}/server"), names)
            assert {answer.status_code for answer in answers} <= {201, 202}
        for name in names:
            self._until(f"{name}'s server is ready", lambda name=name: self._ready(name))

    def _ready(self, name: str) -> bool:
        return self.api("GET", f"users/{name}").json()["servers"].get("", {}).get("ready", False)

    def _ask(self, method: str, url: str, **options) -> requests.Response:
        headers = {"Authorization": f"token {self._token}"}
        return requests.request(method, url, headers=headers, timeout=120, allow_redirects=False, **options)

    def _until(self, what: str, answers) -> None:
        until = time.monotonic() + WAIT
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if answers():
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"not so after {WAIT} s: {what}\n{self.log()}")

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """The hub ends its servers and its proxy."""
        self._process.terminate()
        self._process.wait(60)
