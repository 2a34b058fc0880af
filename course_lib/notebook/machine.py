"""What this machine is: the line at the top of a notebook and the note in every record."""

import os
import platform
from importlib import metadata
from pathlib import Path

from course_lib.version import version

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "nbgrader", "cupy-cuda13x")


def machine() -> dict:
    """Processor, usable cores, the GPU that runs the kernels (or None), system, and package versions."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "kernels": _kernels(),
        "gpu": _gpu_name() if _kernels() == "gpu" else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {"course-lib": version()}
        | {name: found for name in RECORDED_PACKAGES if (found := _version(name))},
    }


def machine_line() -> str:
    """Where kernels run, in a few words: the GPU's name, or "host kernels, 2 cores"."""
    count = f"{cores()} core" + ("s" if cores() > 1 else "")
    if _kernels() == "gpu":
        return _gpu_name()
    return f"host kernels, {count}" if _kernels() == "host" else f"no kernels (see ./course doctor), {count}"


def cores() -> int:
    """Cores this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _kernels() -> str | None:
    from course_lib import cuda

    return cuda.available()


def _gpu_name() -> str:
    import cupy

    return cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())["name"].decode()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
