"""JupyterHub's proxy, a program of Node's that no package of Python brings."""

import os
import shutil
import subprocess

# Where Debian's packages of Node's lie; a Node that came from elsewhere does not look there.
ENVIRONMENT = {"NODE_PATH": "/usr/share/nodejs"}


def answers() -> bool:
    """Whether configurable-http-proxy is installed and runs."""
    program = shutil.which("configurable-http-proxy")
    if program is None:
        return False
    asked = subprocess.run([program, "--version"], env=os.environ | ENVIRONMENT, capture_output=True)
    return asked.returncode == 0
