"""Asks the package index itself: no mirror, no wheel and no setting of this machine takes part."""

import os
import subprocess
import sys

# uv's settings that say how to reach the index and where to keep answers, not what to take from elsewhere.
KEPT = {"UV_CACHE_DIR", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS"}


def resolve(*arguments: str, text: str | None = None, **settings: str) -> subprocess.CompletedProcess:
    """`uv pip compile` with these arguments, wheels only; it reads the packages' metadata, not the packages.

    `text` is the standard input, `settings` are more environment variables. stdout has `name==version` lines.
    """
    # Named, so that uv does not search for the Python that is asked about; wheels are not built.
    command = [sys.executable, "-m", "uv", "pip", "compile", f"--python={sys.executable}", "--no-config"]
    plain = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith("UV_")}
    return subprocess.run(
        [*command, "--only-binary=:all:", "--no-header", "--no-annotate", *arguments],
        input=text,
        env=plain | {"UV_PYTHON_DOWNLOADS": "never", **settings},
        capture_output=True,
        text=True,
        timeout=300,
    )


def answers() -> bool:
    """Whether uv is installed and reaches the index."""
    return resolve("-", text="packaging", UV_HTTP_RETRIES="1", UV_HTTP_TIMEOUT="10").returncode == 0
