"""What a test may need from the machine, and an honest account at the end of what could not run here."""

import collections
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

# A GPU day's machine lacks it (benchmarks/gpu_day.sh); no test marked gpu uses it.
if importlib.util.find_spec("hypothesis"):
    import hypothesis

    # A slow machine is no failure: hypothesis would otherwise fail an example that takes over 200 ms. And a
    # commit gets the same examples, so the same verdict, wherever it is tested.
    hypothesis.settings.register_profile("course", deadline=None, derandomize=True)
    hypothesis.settings.load_profile("course")

# Whoever runs tests in the background may have them ignore Ctrl-C, and with them every program under test.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A test leaves no process behind; those of the warm process that stands by ask for one themselves.
os.environ.setdefault("COURSE_STANDBY_SECONDS", "0")

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("COURSE_SHARED", ROOT.parent / "shared"))


def _sandbox() -> bool:
    unshare = shutil.which("unshare")
    command = [unshare, "--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--fork", "true"]
    return unshare is not None and subprocess.run(command, capture_output=True).returncode == 0


def _gpu() -> bool:
    if importlib.util.find_spec("cupy") is None:
        return False
    import cupy

    return cupy.cuda.is_available()


# name -> (what tells whether it is here, the line that would make it so)
CAPABILITIES = {
    "browser": (
        lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
        "install Chromium (Debian: apt-get install chromium)",
    ),
    "compiler": (
        lambda: any(map(shutil.which, ("g++", "clang++"))),
        "install a C++ compiler (Debian: apt-get install g++)",
    ),
    "clang": (lambda: shutil.which("clang++") is not None, "install clang (Debian: apt-get install clang)"),
    "sandbox": (_sandbox, "allow unprivileged user namespaces (Linux only)"),
    "gpu": (_gpu, 'use a machine with an NVIDIA GPU and pip install -e ".[gpu]"'),
    "cupy": (lambda: importlib.util.find_spec("cupy") is not None, 'pip install -e ".[gpu]"'),
    "nvrtc": (
        lambda: (
            importlib.util.find_spec("cuda") is not None
            and importlib.util.find_spec("cuda.bindings") is not None
        ),
        'pip install -e ".[test]"',
    ),
    "dask": (lambda: importlib.util.find_spec("distributed") is not None, 'pip install -e ".[dask]"'),
    "openssl": (
        lambda: shutil.which("openssl") is not None,
        "install OpenSSL (Debian: apt-get install openssl)",
    ),
    "postgres": (
        lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "install PostgreSQL (Debian: apt-get install postgresql)",
    ),
    "shared": (
        SHARED.joinpath("data").is_dir,
        "set COURSE_SHARED to the folder with data/mnist and data/traces",
    ),
}
REQUIRED = {name for name in os.environ.get("COURSE_REQUIRE", "").split(",") if name}


SLOW = pytest.StashKey[int]()


@functools.cache
def has(capability: str) -> bool:
    return bool(CAPABILITIES[capability][0]())


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="also run the tests marked slow")


def pytest_configure(config):
    unknown = REQUIRED - CAPABILITIES.keys()
    if unknown:
        raise pytest.UsageError(f"COURSE_REQUIRE names {sorted(unknown)}; known: {sorted(CAPABILITIES)}")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        config.stash[SLOW] = len(slow)
        if hasattr(config, "workeroutput"):
            config.workeroutput["slow"] = len(slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """pytest-xdist: what one worker left out, all left out."""
    node.config.stash[SLOW] = getattr(node, "workeroutput", {}).get("slow", 0)


def _needed(item) -> list[str]:
    names = [name for marker in item.iter_markers("needs") for name in marker.args]
    return [*names, "gpu"] if item.get_closest_marker("gpu") else names


def pytest_runtest_setup(item):
    for name in _needed(item):
        if has(name):
            continue
        message = f"needs {name}: {CAPABILITIES[name][1]}"
        if name in REQUIRED:
            pytest.fail(f"{message} (COURSE_REQUIRE demands it)", pytrace=False)
        pytest.skip(message)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that use it are marked needs("shared")."""
    return SHARED / "data"


def pytest_terminal_summary(terminalreporter):
    """List by name what this machine could not run, with the line that would make it run."""
    lacking: dict[str, collections.Counter] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        # One line a test function, however many cases it has.
        counts = lacking.setdefault(reason.removeprefix("Skipped: "), collections.Counter())
        counts[report.nodeid.split("[")[0]] += 1
    if lacking:
        terminalreporter.section("what this machine could not run")
    for reason, names in sorted(lacking.items()):
        terminalreporter.write_line(reason)
        for name, count in sorted(names.items()):
            terminalreporter.write_line(f"    {name}" + (f" ({count} cases)" if count > 1 else ""))
    if waiting := terminalreporter.config.stash.get(SLOW, 0):
        terminalreporter.write_line(f"{waiting} slow tests wait for ./course test --all")
