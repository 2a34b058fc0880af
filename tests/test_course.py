"""The launcher: what a person reads when the machine is not ready, with real pip and real processes."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest

from tests import launcher

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def course():
    return launcher.load()


@pytest.fixture
def bare_copy(tmp_path):
    """A folder with what the launcher reads, as right after a clone, with a space in its path."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in ("course", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def with_venv(bare_copy):
    """The same after an installation that was stopped early: .venv has pip and nothing else."""
    venv.create(bare_copy / ".venv")
    (site,) = (bare_copy / ".venv").glob("lib/python*/site-packages")
    (site / "pip.pth").write_text(sysconfig.get_path("purelib"))
    return bare_copy


@pytest.fixture
def fake_uv(tmp_path):
    """fake_uv(script) -> a PATH whose `uv` answers --version, notes its words in uv.txt and runs `script`."""

    def make(script: str) -> str:
        program = tmp_path / "bin" / "uv"
        program.parent.mkdir()
        noted = f'[ "$1" = --version ] && exit 0\nprintf "%s\\n" "$@" > "{tmp_path}/uv.txt"'
        program.write_text(f"#!/bin/sh\n{noted}\n{script}\n")
        program.chmod(0o755)
        return f"{program.parent}{os.pathsep}{os.environ['PATH']}"

    return make


# Nothing set for pip, so that uv may take its place.
NO_PIP_SETTINGS = {"PIP_CONFIG_FILE": os.devnull} | {
    name: "" for name in os.environ if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"
}


def run(folder: Path, before: str = "pass", **environment: str) -> subprocess.CompletedProcess:
    start = "runpy.run_path('course', run_name='__main__')"
    code = f"import runpy, sys; sys.argv = ['course', 'lab', '--cpu']; {before}; {start}"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={name: value for name, value in {**os.environ, **environment}.items() if value},
        capture_output=True,
        text=True,
        timeout=120,
    )


def one_line(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_an_old_python_without_a_newer_one_is_told_which_is_needed(course, monkeypatch):
    monkeypatch.setattr(course.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(course, "find_newer_python", lambda: None)
    with pytest.raises(course.Stop, match=r"This is Python 3\.8; the course needs 3\.11 or newer"):
        course.main(["lab"])


def test_the_launcher_parses_under_the_grammar_of_old_pythons():
    import ast

    ast.parse((ROOT / "course").read_text(), feature_version=(3, 7))


def test_a_missing_venv_module_is_named_with_the_package_that_brings_it(bare_copy):
    line = one_line(run(bare_copy, "sys.modules['ensurepip'] = None"))
    assert "apt install python3-venv" in line


def test_a_nearly_full_disk_is_said_before_anything_is_fetched(with_venv):
    before = "import shutil; shutil.disk_usage = lambda path: type('U', (), {'free': 1e9})"
    line = one_line(run(with_venv, before))
    assert "1.0 GB free" in line
    assert not (with_venv / ".course" / "install.log").exists()


@pytest.mark.parametrize(
    ("platform", "new", "settings", "gigabytes"),
    [
        ("linux", ["", "test"], {}, 10),  # PyTorch from the package index brings NVIDIA's libraries
        ("linux", [""], {"extra-index-url": "https://example.org/cpu"}, 4),
        ("linux", ["", "gpu"], {"find-links": "/wheels"}, 10),
        ("linux", ["gpu"], {}, 0),
        ("linux", [""], {"timeout": "60"}, 10),
        ("win32", [""], {}, 4),
        ("win32", ["gpu"], {}, 6),
        ("darwin", ["", "gpu"], {}, 10),
        ("linux", [], {}, 0),
    ],
)
def test_room_is_asked_for_what_will_be_fetched(course, monkeypatch, platform, new, settings, gigabytes):
    monkeypatch.setattr(course.sys, "platform", platform)
    assert course.room_needed(new, settings) == gigabytes * 1e9


@pytest.mark.parametrize("name", ["a:b", "two\nlines"])
def test_a_folder_in_which_python_makes_no_environment_is_named_before_anything_is_made(bare_copy, name):
    folder = bare_copy.rename(bare_copy.with_name(name))
    assert "rename its folders" in one_line(run(folder))
    assert not (folder / ".venv").exists()


def test_an_intel_mac_is_told_at_once(bare_copy):
    before = "import platform; sys.platform = 'darwin'; platform.machine = lambda: 'x86_64'"
    assert "Macs with an Intel processor" in one_line(run(bare_copy, before))
    assert not (bare_copy / ".venv").exists()


@pytest.mark.parametrize(("release", "refused"), [("13.6.9", True), ("14.0", False), ("26.1", False)])
def test_a_mac_with_apple_silicon_needs_macos_14(course, monkeypatch, release, refused):
    monkeypatch.setattr(course.sys, "platform", "darwin")
    monkeypatch.setattr(course.platform, "machine", lambda: "arm64")
    monkeypatch.setattr(course.platform, "mac_ver", lambda: (release, ("", "", ""), "arm64"))
    if refused:
        with pytest.raises(course.Stop, match=r"This is macOS 13\.6\.9; PyTorch needs macOS 14 or newer"):
            course.refuse_unsupported()
    else:
        course.refuse_unsupported()


@pytest.mark.parametrize(
    ("words", "device", "wanted"),
    [
        (["lab"], "", ["", "gpu"]),
        (["lab", "--no-browser"], "", ["", "gpu"]),
        (["lab", "--cpu"], "", [""]),
        (["lab"], "host", [""]),
        (["test", "--all"], "", ["", "test", "gpu"]),
        (["bench", "kernels"], "", ["", "test", "gpu"]),
        (["check", "q02_quantization"], "", [""]),
        (["doctor"], "", [""]),
        ([], "", [""]),
    ],
)
def test_where_a_gpu_is_its_part_is_installed_unless_it_is_refused(
    course, monkeypatch, words, device, wanted
):
    monkeypatch.setattr(course, "sees_gpu", lambda: True)
    monkeypatch.setattr(course, "installed", dict)
    monkeypatch.setenv("COURSE_DEVICE", device)
    assert course.extras(words) == wanted
    monkeypatch.setattr(course, "sees_gpu", lambda: False)
    assert "gpu" not in course.extras(words)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(
    ("version", "devices", "status", "seen"),
    [
        (13000, 1, 0, True),
        (13020, 8, 0, True),
        (12080, 1, 0, False),
        (13000, 0, 0, False),
        (13000, 1, 999, False),
    ],
)
def test_only_a_gpu_whose_driver_knows_cuda_13_counts(
    course, monkeypatch, tmp_path, version, devices, status, seen
):
    source, library = tmp_path / "driver.cpp", tmp_path / "libcuda.so"
    source.write_text(
        f"""extern "C" int cuDriverGetVersion(int* v) {{ *v = {version}; return 0; }}
        extern "C" int cuInit(unsigned) {{ return {status}; }}
        extern "C" int cuDeviceGetCount(int* n) {{ *n = {devices}; return 0; }}"""
    )
    compiler = shutil.which("g++") or shutil.which("clang++")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    driver = ctypes.CDLL(str(library))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert course.sees_gpu() is seen


def test_a_machine_without_nvidias_driver_has_no_gpu(course, monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert course.sees_gpu() is False


@pytest.mark.parametrize(
    ("uv", "settings", "program"),
    [
        ("exit 0", {}, "uv"),
        ("exit 0", {"index-url": "https://mirror.example.org/simple"}, "pip"),
        ("exit 127", {}, "pip"),  # a shim of a version manager that leads nowhere
        (None, {}, "pip"),
    ],
)
def test_uv_installs_where_it_works_and_pip_has_no_settings_that_it_would_ignore(
    course, monkeypatch, tmp_path, uv, settings, program
):
    if uv:
        (tmp_path / "uv").write_text(f"#!/bin/sh\n{uv}\n")
        (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = course.installer(settings)
    assert Path(command[0]) == (tmp_path / "uv" if program == "uv" else Path(course.venv_python()))


def test_uv_gets_the_pins_and_the_environment_and_its_success_is_stamped(with_venv, fake_uv, tmp_path):
    path = fake_uv(
        'echo "Resolved 9 packages"; echo "Downloading torch (502.2MiB)"; echo "Prepared 9 packages"'
    )
    done = run(with_venv, **NO_PIP_SETTINGS, PATH=path)
    words = (tmp_path / "uv.txt").read_text().splitlines()
    assert words[:4] == ["pip", "install", "--python", str(with_venv / ".venv" / "bin" / "python")]
    assert words[-4:] == ["-c", str(with_venv / "constraints.txt"), "-e", str(with_venv)]
    assert "fetching packages" in done.stdout
    assert "installing them" in done.stdout
    assert json.loads((with_venv / ".venv" / "course-installed.json").read_text()).keys() == {""}


def test_a_failure_of_uv_is_one_line_with_its_reason(with_venv, fake_uv):
    path = fake_uv('echo "error: No solution found when resolving dependencies" >&2; exit 1')
    line = one_line(run(with_venv, **NO_PIP_SETTINGS, PATH=path))
    assert "error: No solution found when resolving dependencies (whole log: " in line


def test_ctrl_c_ends_the_installer_and_says_that_it_continues(with_venv, fake_uv, tmp_path):
    ended = tmp_path / "ended"
    path = fake_uv(f'trap "touch {ended}; exit 1" TERM\necho "Downloading torch"\nwhile :; do sleep .1; done')
    process = subprocess.Popen(
        [sys.executable, "course", "lab", "--cpu"],
        cwd=with_venv,
        env={name: v for name, v in {**os.environ, **NO_PIP_SETTINGS, "PATH": path}.items() if v},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "fetching" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said == "course: stopped; the same command continues where this one ended.\n"
    deadline = time.monotonic() + 20
    while not ended.exists():
        assert time.monotonic() < deadline, "the installer went on"
        time.sleep(0.05)


def test_an_extra_that_is_new_is_added_and_the_others_are_not_repeated(course, monkeypatch):
    calls = []
    monkeypatch.setattr(course, "one_at_a_time", contextlib.nullcontext)
    monkeypatch.setattr(course, "run_installer", lambda missing, have: calls.append(missing))
    monkeypatch.setattr(course, "installed", lambda: {"": course.wanted(), "test": "older"})
    course.install([""])
    course.install(["", "test", "gpu"])
    assert calls == [["test", "gpu"]]


def test_a_dead_network_is_one_line_with_uv_too(with_venv):
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "UV_NO_CACHE": "1"}
    line = one_line(run(with_venv, **NO_PIP_SETTINGS, **nowhere, PATH=path))
    assert "the network is down or blocked" in line


@pytest.mark.slow
def test_a_dead_network_is_one_line_and_leaves_no_stamp_so_a_second_run_continues(bare_copy):
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    line = one_line(run(bare_copy, **nowhere))
    assert "the network is down or blocked" in line
    assert not (bare_copy / ".venv" / "course-installed.json").exists()
    # The second run finds the environment of the first and goes on to pip at once.
    made = (bare_copy / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    assert "the network is down" in one_line(run(bare_copy, **nowhere))
    assert (bare_copy / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "WARNING: Retrying ... NewConnectionError: [Errno -3] Temporary failure in name resolution",
            "network",
        ),
        ("ERROR: Cannot install course-lib and torch because of conflicts\n", "because of conflicts"),
        (
            "Could not fetch URL https://example.org: There was a problem confirming the ssl certificate: "
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed'))",
            "PIP_CERT=FILE SSL_CERT_FILE=FILE",
        ),
        (
            "error: error sending request for url\n  Caused by: invalid peer certificate: UnknownIssuer",
            "SSL_CERT_FILE",
        ),
        (
            "ProxyError('Cannot connect to proxy.', OSError('407 Proxy Authentication Required'))",
            "HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT",
        ),
    ],
)
def test_what_pip_prints_becomes_the_line_that_tells_what_to_do(course, log, says):
    assert says in course.reason(log)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"": ', "\0\0\0"])
def test_a_record_of_the_installation_that_is_cut_off_makes_the_next_command_install_again(
    course, monkeypatch, tmp_path, text
):
    (tmp_path / "stamp.json").write_text(text)
    monkeypatch.setattr(course, "STAMP", str(tmp_path / "stamp.json"))
    assert course.installed() == {}


def test_a_changed_pyproject_makes_the_next_command_install_again(course, monkeypatch, tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(course, "ROOT", str(tmp_path))
    before = course.wanted()
    (tmp_path / "constraints.txt").write_text("two")
    assert course.wanted() != before


def shared(course, monkeypatch, folder: Path, unreadable: str = ""):
    """The launcher as an account sees it that may read `folder`, all but one path, and not write there."""
    for name, value in {"ROOT": folder, "VENV": folder / ".venv"}.items():
        monkeypatch.setattr(course, name, str(value))
    monkeypatch.setattr(course, "STAMP", os.path.join(course.VENV, "course-installed.json"))
    (folder / "course_lib").mkdir()
    (folder / "course_lib" / "__main__.py").touch()

    def access(path, how):
        refused = how & os.W_OK or (unreadable and str(path).endswith(unreadable))
        return not refused and os.path.exists(path)

    monkeypatch.setattr(course.os, "access", access)
    return course


def test_a_shared_installation_that_was_never_made_names_who_must_make_it(course, monkeypatch, bare_copy):
    shared(course, monkeypatch, bare_copy)
    with pytest.raises(course.Stop, match=rf"is not installed yet; {bare_copy.owner()}, to whom it belongs"):
        course.main(["lab"])


@pytest.mark.parametrize(
    ("unreadable", "says"),
    [
        ("", "is out of date; .* must run once: .*/course doctor$"),
        ("constraints.txt", r"cannot read .*constraints\.txt; .* must run: chmod -R a\+rX "),
        (".venv", r"cannot read .*\.venv; "),
        ("bin/python", "cannot run .*, the Python of this installation"),
    ],
)
def test_a_shared_installation_that_this_account_cannot_use_says_what_its_owner_must_do(
    course, monkeypatch, with_venv, unreadable, says
):
    shared(course, monkeypatch, with_venv, unreadable)
    with pytest.raises(course.Stop, match=says):
        course.main(["lab"])


def test_a_shared_installation_that_is_up_to_date_is_used_without_an_extra_that_it_lacks(
    course, monkeypatch, with_venv
):
    shared(course, monkeypatch, with_venv)
    Path(course.STAMP).write_text(json.dumps({"": course.wanted()}))
    monkeypatch.setattr(course, "sees_gpu", lambda: True)
    monkeypatch.setattr(course, "hand_over", lambda python, arguments: (python, arguments))
    assert course.main(["lab"]) == (course.venv_python(), ["lab"])
    assert not (with_venv / ".course").exists()


def test_the_launcher_finds_its_folder_through_a_link_on_the_path(bare_copy, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(bare_copy / "course")
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['ROOT'])"
    done = subprocess.run([sys.executable, "-c", code, link], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == os.path.realpath(bare_copy)
