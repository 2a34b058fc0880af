"""What a test may need from the machine, and an honest account at the end of what could not run here."""

import collections
import contextlib
import functools
import gc
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


def _landlock() -> bool:
    from autograder import landlock

    return landlock.version() > 0


def _control_group() -> bool:
    from autograder import control_group

    return control_group.parent() is not None


def _processor_share() -> bool:
    from autograder import control_group

    return control_group.sessions_share() or _control_group()


def _accounts() -> bool:
    from tests.hub import machine

    return machine.is_possible()


def _hub() -> bool:
    from tests.hub import proxy

    return importlib.util.find_spec("jupyterhub") is not None and proxy.answers()


def _index() -> bool:
    from tests import package_index

    return package_index.answers()


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
    "landlock": (_landlock, "use a Linux of 5.13 or newer with Landlock switched on"),
    "control_group": (
        _control_group,
        "systemd-run --user --scope -p Delegate=yes ./course test, where cgroups are of version 2",
    ),
    "processor_share": (_processor_share, "sysctl -w kernel.sched_autogroup_enabled=1, or control groups"),
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
    "accounts": (_accounts, "run as root on a Linux that allows mounts, as containers with CAP_SYS_ADMIN do"),
    "hub": (
        _hub,
        'pip install -e ".[test]" and its proxy (Debian: apt-get install node-configurable-http-proxy)',
    ),
    "index": (_index, "connect this machine to the package index, and ./course test"),
    "shared": (
        SHARED.joinpath("data").is_dir,
        "set COURSE_SHARED to the folder with data/mnist and data/traces",
    ),
}
# Minutes for one test: begun late, it would run alone while the other workers have nothing left.
FIRST = ("tests/hub/", "tests/browser/test_static_pages.py")
REQUIRED = {name for name in os.environ.get("COURSE_REQUIRE", "").split(",") if name}


LEFT_OUT = pytest.StashKey[dict]()


@functools.cache
def has(capability: str) -> bool:
    return bool(CAPABILITIES[capability][0]())


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="also run the tests marked slow")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "without(name): stands in for slow tests that need a capability, where they do not run"
    )
    unknown = REQUIRED - CAPABILITIES.keys()
    if unknown:
        raise pytest.UsageError(f"COURSE_REQUIRE names {sorted(unknown)}; known: {sorted(CAPABILITIES)}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """What this run leaves out is never handed to a worker; the summary names it, so that it is no pass.

    --collect-only lists it like the others.
    """
    left_out = {"slow": 0, "stand-ins": 0, "lacking": {}}
    kept, dropped = [], []
    for item in items:
        stands_in = item.get_closest_marker("without")
        if item.get_closest_marker("slow") and not config.getoption("--all"):
            left_out["slow"] += 1
        elif stands_in and has(stands_in.args[0]) and config.getoption("--all"):
            left_out["stand-ins"] += 1
        elif not config.option.collectonly and (reason := _lacking(item)):
            names = left_out["lacking"].setdefault(reason, {})
            name = item.nodeid.split("[")[0]
            names[name] = names.get(name, 0) + 1
        else:
            kept.append(item)
            continue
        dropped.append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = sorted(kept, key=lambda item: not item.nodeid.startswith(FIRST))
    config.stash[LEFT_OUT] = left_out
    if hasattr(config, "workeroutput"):
        config.workeroutput["left out"] = left_out


def _import_share(config) -> None:
    """A worker of pytest-xdist that collects all tests first imports a part of their modules that is its own.

    All workers import everything, but whoever is first rewrites a module's assertions, and the others find
    that done: in the same order each would do it at the same time as they. What fails here does so again
    when it is collected, and is reported then.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args != config.getini("testpaths"):
        return
    files = sorted(ROOT.joinpath("tests").rglob("test_*.py"))
    for file in files[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Thousands of tests and the modules they import stay to the end: no search for garbage visits them."""
    gc.disable()
    try:
        _import_share(session.config)
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """pytest-xdist: what one worker left out, all left out."""
    if left_out := getattr(node, "workeroutput", {}).get("left out"):
        node.config.stash[LEFT_OUT] = left_out


def _lacking(item) -> str:
    """The line that names what a test needs and this machine lacks, or "". What is required may fail."""
    for name in _needed(item):
        if name not in REQUIRED and not has(name):
            return f"needs {name}: {CAPABILITIES[name][1]}"
    return ""


def _needed(item) -> list[str]:
    names = [name for marker in item.iter_markers("needs") for name in marker.args]
    return [*names, "gpu"] if item.get_closest_marker("gpu") else names


def pytest_runtest_setup(item):
    for name in _needed(item):
        if not has(name):
            pytest.fail(f"needs {name}: {CAPABILITIES[name][1]} (COURSE_REQUIRE demands it)", pytrace=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that use it are marked needs("shared")."""
    return SHARED / "data"


def pytest_terminal_summary(terminalreporter):
    """List by name what this machine could not run, with the line that would make it run."""
    left_out = terminalreporter.config.stash.get(LEFT_OUT, {"slow": 0, "stand-ins": 0, "lacking": {}})
    # One line a test function, however many cases it has.
    lacking = {reason: collections.Counter(names) for reason, names in left_out["lacking"].items()}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        lacking.setdefault(reason.removeprefix("Skipped: "), collections.Counter())[
            report.nodeid.split("[")[0]
        ] += 1
    if lacking:
        terminalreporter.section("what this machine could not run")
    for reason, names in sorted(lacking.items()):
        terminalreporter.write_line(f"{reason} ({names.total()} in all)")
        for name, count in sorted(names.items()):
            terminalreporter.write_line(f"    {name}" + (f" ({count} cases)" if count > 1 else ""))
    if count := left_out["stand-ins"]:
        terminalreporter.write_line(f"{count} stand-ins are not needed: what they stand in for can run here")
    if count := left_out["slow"]:
        terminalreporter.write_line(f"{count} slow tests wait for ./course test --all")
