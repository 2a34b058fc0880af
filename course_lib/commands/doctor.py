"""`./course doctor`: what this machine has for the course, and the one line that would mend each lack."""

import ctypes
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from course_lib.commands import workspace
from course_lib.commands.folders import folders
from course_lib.paths import ROOT

OLDEST_PYTHON = (3, 11)
OLDEST_DRIVER = (
    580  # NVIDIA's first for CUDA 13 (CUDA Compatibility, table "CUDA Toolkit and minimum driver")
)
# In the course's folder, as everything here.
GPU_EXTRA = f'{sys.executable} -m pip install -c constraints.txt -e ".[gpu]"'
# Students need these; everything else only adds speed or a convenience.
REQUIRED = {"Python", "Packages", "Folders", "Kernels"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox", "microsoft-edge", "safari", "open")


class Check(NamedTuple):
    """One line of the report: `mend` is empty when nothing is missing."""

    name: str
    found: str
    mend: str = ""


def checks() -> Iterator[Check]:
    """All checks in the order in which they are printed; a failing probe is a lack, never an exception."""
    probes: list[tuple[str, Callable[[], Check]]] = [
        ("Python", _python),
        ("Packages", _packages),
        ("Folders", _folders),
        ("PyTorch", _torch),
        ("NVIDIA GPU", _gpu),
        ("CuPy", _cupy),
        ("NVRTC", _nvrtc),
        ("C++ compiler", _compiler),
        ("Kernels", _kernels),
        ("Sandbox", _sandbox),
        ("Browser", _browser),
        ("Cores", _cores),
        ("Disk", _disk),
    ]
    for name, probe in probes:
        try:
            yield probe()
        except Exception as error:
            yield Check(name, f"cannot tell ({type(error).__name__}: {error})", "run ./course doctor --debug")
        # Students grade nobody, and their edition lacks what would tell.
        if name == "Sandbox" and platform.system() == "Linux" and importlib.util.find_spec("autograder"):
            yield from _walls()


def print_checks() -> int:
    """Print the report; returns the exit status, 1 when something that students need is missing."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    found = list(checks())
    for check in found:
        needed = check.name in REQUIRED
        mark = "[green]ok[/]" if not check.mend else "[red]missing[/]" if needed else "[yellow]could have[/]"
        # Escaped: Rich would take the [gpu] of a command for a color of its own, and leave it out.
        mend = f"\n[dim]to mend:[/] {escape(check.mend)}" if check.mend else ""
        table.add_row(check.name, mark, escape(check.found) + mend)
    Console(highlight=False, soft_wrap=not sys.stdout.isatty()).print(table)
    lacking = [check.name for check in found if check.mend and check.name in REQUIRED]
    print(
        f"\nMissing for the course: {', '.join(lacking)}."
        if lacking
        else "\nThis machine can run the whole course."
    )
    return 1 if lacking else 0


def _python() -> Check:
    mend = "" if sys.version_info >= OLDEST_PYTHON else "install Python 3.11 or newer and delete .venv"
    return Check("Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})", mend)


def _packages() -> Check:
    names = ["jupyterlab", "ipywidgets", "anywidget", "plotly", "nbgrader", "torch", "numpy", "scipy"]
    missing = []
    for name in names:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("Packages", f"missing: {', '.join(missing)}", "delete .venv and run ./course lab")
    return Check("Packages", f"JupyterLab {version('jupyterlab')}, nbgrader {version('nbgrader')}")


def _folders() -> Check:
    found = folders()
    if lacking := [folder for folder in found if folder.why]:
        said = "; ".join(f"{each.name} {each.path} cannot be written ({each.why})" for each in lacking)
        return Check("Folders", said, "; ".join(dict.fromkeys(each.mend for each in lacking)))
    return Check("Folders", f"{', '.join(folder.name for folder in found)} can be written")


def _torch() -> Check:
    return Check("PyTorch", version("torch"))


def _gpu() -> Check:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check("NVIDIA GPU", "none; kernels run on the CPU, and no task needs more")
    query = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=20)
    if done.returncode:
        return Check("NVIDIA GPU", "nvidia-smi fails", "reinstall the NVIDIA driver")
    found = "; ".join(done.stdout.strip().splitlines())
    driver = found.rsplit(", ", 1)[-1]
    if int(driver.split(".")[0]) < OLDEST_DRIVER:
        return Check(
            "NVIDIA GPU", found, f"driver {driver} is too old for CUDA 13: install {OLDEST_DRIVER} or newer"
        )
    return Check("NVIDIA GPU", found)


def _cupy() -> Check:
    # find_spec, not an import: CuPy takes seconds, and warns where there is no driver.
    if importlib.util.find_spec("cupy") is None:
        if shutil.which("nvidia-smi") is None:
            return Check("CuPy", "not installed, and of no use without an NVIDIA GPU")
        return Check("CuPy", "not installed", GPU_EXTRA)
    import cupy

    usable = cupy.cuda.is_available()
    return Check("CuPy", f"{cupy.__version__}, {'sees the GPU' if usable else 'sees no GPU'}")


def _nvrtc() -> Check:
    try:
        return Check("NVRTC", f"{version('nvidia-cuda-nvrtc')} (checks CUDA sources without a GPU)")
    except PackageNotFoundError:
        found = "not installed; kernels are checked by the C++ compiler alone"
        return Check("NVRTC", found, "" if platform.system() == "Darwin" else GPU_EXTRA)


def _compiler() -> Check:
    from course_lib import cuda

    found = cuda.compilers()
    if found:
        return Check("C++ compiler", ", ".join(" ".join(compiler.command) for compiler in found))
    system = {
        "Linux": "apt install g++",
        "Darwin": "xcode-select --install",
        "Windows": "use WSL and there: apt install g++",
    }.get(platform.system(), "install g++ or clang")
    return Check(
        "C++ compiler",
        "none",
        f"{system}, or (411 MB, slow first start) {sys.executable} -m pip install ziglang",
    )


def _kernels() -> Check:
    from course_lib import cuda

    if cuda.available() is None:
        return Check("Kernels", "cannot run", "install a C++ compiler (line above)")
    try:
        return Check("Kernels", f"one has run on the {_run_one_kernel()}")
    except Exception as error:  # a broken compiler, driver or CuPy shows itself only now, each in its own way
        why = str(error).strip().splitlines() or [type(error).__name__]
        mend = "reinstall the C++ compiler (line above)"
        if cuda.available() == "gpu":
            mend = "COURSE_DEVICE=host ./course lab runs kernels on the CPU meanwhile"
        return Check("Kernels", f"cannot run: {why[0]}", mend)


def _run_one_kernel() -> str:
    """Launch one of the course's kernels where the notebooks' would run; returns "GPU" or "CPU".

    Raises what compiling and launching raise, ArithmeticError for a wrong result.
    """
    import numpy as np

    from course_lib import cuda

    n, copy = 1000, 0  # COPY of kernels/elementwise.cu
    module = cuda.load("elementwise")
    x, out = (module.array(values) for values in (np.arange(n, dtype=np.float32), np.zeros(n, np.float32)))
    module["map"](-(-n // 256), 256, (x, out, n, copy))
    if not np.array_equal(module.numpy(out), np.arange(n)):
        raise ArithmeticError("a kernel returned a wrong result")
    return "GPU" if module.device == "gpu" else "CPU"


def _sandbox() -> Check:
    if platform.system() != "Linux":
        return Check("Sandbox", "not on this system", "instructors grade on Linux (WSL, or a container)")
    missing = [name for name, flag in NAMESPACES.items() if not _may_unshare(flag)]
    if missing:
        mend = "allow unprivileged user namespaces: sysctl -w kernel.unprivileged_userns_clone=1"
        return Check("Sandbox", f"namespaces refused: {', '.join(missing)}", mend)
    return Check("Sandbox", f"namespaces: {', '.join(NAMESPACES)}")


def _walls() -> list[Check]:
    """What stands behind the namespaces where submissions are graded: the autograder's own account of it."""
    command = [sys.executable, "-m", "autograder.walls"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        return [Check(*wall) for wall in json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        return [Check("Walls", f"cannot tell ({type(error).__name__})", f"run {' '.join(command)}")]


# linux/sched.h
CLONE_NEWUSER = 0x10000000
NAMESPACES = {"user": 0, "mount": 0x00020000, "pid": 0x20000000, "network": 0x40000000, "ipc": 0x08000000}


def _may_unshare(flag: int) -> bool:
    """Whether a child process may enter a new user namespace and, in it, the one that `flag` names."""
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(CLONE_NEWUSER | flag) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _browser() -> Check:
    found = next((shutil.which(name) for name in BROWSERS if shutil.which(name)), None)
    if found or platform.system() == "Windows":
        return Check("Browser", found or "the system's")
    return Check("Browser", "none found", "install one (Debian: apt install chromium), or use --no-browser")


def _cores() -> Check:
    return Check("Cores", f"{os.cpu_count()} ({os.environ.get('OMP_NUM_THREADS', 'all')} used by PyTorch)")


def _disk() -> Check:
    place = workspace.folder()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    mend = "" if free > 1e9 else "free some space: notebooks and compiled kernels need about 1 GB"
    return Check("Disk", f"{free / 1e9:.0f} GB free", mend)
