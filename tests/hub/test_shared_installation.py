"""An installation that root made and students only read: each has a workspace and logs of their own."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request

import pytest

from tests.hub.conftest import ASSIGNMENT, NOTEBOOK

pytestmark = [pytest.mark.slow, pytest.mark.needs("accounts", "compiler")]


def one_line(done, status: int = 2) -> str:
    """What a command said that ended with `status`: one line, and no traceback."""
    assert done.returncode == status, done.stdout
    (line,) = done.stdout.strip().splitlines()
    return line


@pytest.fixture
def account(installed):
    """ada, whose home is as on the first day, and again when the test ends."""

    def empty() -> None:
        for path in installed.machine.home("ada").iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    empty()
    yield "ada"
    empty()


def server(installed, account: str, *words: str, **options):
    """A server that a student started, and the address that it said."""
    command = [
        installed.edition / ".venv" / "bin" / "python",
        installed.edition / "course",
        *words,
        "--no-browser",
    ]
    process = installed.machine.start(
        account, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r" runs at (\S+)", line):
            return process, found[1]
    pytest.fail("".join(said))


def stop(process) -> None:
    process.terminate()
    process.communicate(timeout=60)


def test_lab_and_demo_keep_what_is_written_in_the_account_and_leave_the_installation_alone(
    installed, account
):
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in installed.edition.rglob("*"))
    home = installed.machine.home(account)
    process, address = server(installed, account, "lab", umask=0o077)
    try:
        base, token = address.split("/lab/tree/start.md?token=")
        with urllib.request.urlopen(f"{base}/api/contents/start.md?token={token}", timeout=60) as answer:
            page = json.load(answer)["content"]
    finally:
        stop(process)
    assert "`course check q02_quantization`" in page
    assert "./course" not in page
    notebook = home / "workbook" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    assert notebook.stat().st_uid == home.stat().st_uid
    assert notebook.stat().st_mode & 0o777 == 0o600  # by the umask of the account
    process, address = server(installed, account, "demo", "quantization")
    stop(process)
    logs = {path.name for path in (home / ".local" / "state" / "course_lib").glob("*.log")}
    assert logs == {"jupyterlab.log", "demo.log"}
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in installed.edition.rglob("*")) == before


def test_check_submit_doctor_and_bench_run_on_what_is_the_accounts_own(installed, account):
    machine = installed.machine
    bring = "from course_lib.commands import workspace; print(*workspace.prepare(), sep='\\n')"
    machine.did(account, [installed.python, "-c", bring])
    mine = installed.solve(account)
    written = mine.read_bytes()
    checked = installed.course(account, "check", ASSIGNMENT)
    assert checked.returncode == 0, checked.stdout
    assert re.search(r"(\d+) of \1 visible tests pass", checked.stdout)
    packed = installed.course(account, "submit", ASSIGNMENT)
    assert f"{machine.home(account)}/workbook/{ASSIGNMENT}-ada.zip" in packed.stdout
    assert "one has run on the CPU" in installed.course(account, "doctor").stdout
    assert "run it in a copy of your own" in one_line(installed.course(account, "bench", "serving"))
    # The notebooks are brought again, by a newer edition: what was written stays.
    given = installed.edition / "notebooks" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    text = given.read_text("utf-8")
    try:
        given.write_text(text.replace("Quantization", "Newer quantization", 1), "utf-8")
        said = machine.did(account, [installed.python, "-c", bring])
    finally:
        given.write_text(text, "utf-8")
    assert f"kept your {ASSIGNMENT}/{NOTEBOOK}.ipynb" in said
    assert mine.read_bytes() == written


def test_what_only_the_owner_can_mend_is_said_in_one_line_with_the_owner(installed, account):
    constraints = installed.edition / "constraints.txt"
    text = constraints.read_text()
    try:
        constraints.write_text(text + "# newer\n")
        line = one_line(installed.course(account, "check", ASSIGNMENT))
        assert (
            f"is out of date; root, to whom it belongs, must run once: {installed.edition}/course doctor"
            in line
        )
        constraints.write_text(text)
        constraints.chmod(0o600)
        line = one_line(installed.course(account, "lab"))
        assert f"cannot read {constraints}; root, to whom it belongs, must run: chmod -R a+rX" in line
    finally:
        constraints.write_text(text)
        constraints.chmod(0o644)
    venv = installed.edition / ".venv"
    venv.chmod(0o700)
    try:
        command = ["python3", installed.edition / "course", "doctor"]
        line = one_line(installed.machine.run(account, command))
        assert f"cannot read {venv}" in line or "cannot run" in line
    finally:
        venv.chmod(0o755)


@pytest.mark.parametrize("home", ["full", "not writable"])
def test_a_home_that_cannot_be_written_is_one_line(installed, account, home):
    folder = installed.machine.home(account)
    if home == "full":
        # A file system of its own, as small as a used-up quota, in the account's home.
        small = folder / "small"
        mount = f"mkdir -p {small}; mount -t tmpfs -o size=64k,uid={folder.stat().st_uid} tmpfs {small}"
        installed.machine.did("root", ["sh", "-c", mount], cwd="/")
        environment = {"HOME": small}
    else:
        folder.chmod(0o500)
        environment = {}
    try:
        done = installed.course(account, "lab", "--no-browser", environment=environment)
        line = one_line(done)
        assert "cannot be used (" + ("No space left" if home == "full" else "Permission denied") in line
        assert "course doctor" in line
    finally:
        folder.chmod(0o700)
        if home == "full":
            installed.machine.did("root", ["umount", folder / "small"], cwd="/")


def test_two_servers_of_one_account_at_once_and_a_kill_in_between_leave_whole_notebooks(installed, account):
    bring = [installed.python, "-c", "from course_lib.commands import workspace; workspace.prepare()"]
    workbook = installed.machine.home(account) / "workbook"
    for wait in (0.25, 0.5, 1.0):
        process = installed.machine.start(account, bring, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.kill()
        process.wait()
        for path in workbook.rglob("*.ipynb"):
            json.loads(path.read_bytes())
    both = [installed.machine.start(account, bring, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    brought = {path.relative_to(workbook) for path in workbook.rglob("*.ipynb")}
    given = {
        path.relative_to(installed.edition / "notebooks")
        for path in installed.edition.glob("notebooks/*/*.ipynb")
    }
    assert brought == given
    assert set(json.loads((workbook / ".shipped.json").read_text())) >= set(map(os.fspath, given))
