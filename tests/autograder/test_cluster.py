"""Grading on a Dask cluster that was started by hand, as docs/grading_cluster.md says."""

import json
import os
import subprocess
import sys
import time

import pytest

from autograder import journal
from autograder.cluster import refuse_open
from autograder.release import release
from course_lib.commands.cli import main
from course_lib.errors import UserError
from tests.autograder.small_course import hand_in, points_by_cell
from tests.autograder.submissions import submissions

ASSIGNMENT = "q00_doubling"
QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error", "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786", "tls://10.0.0.1:8786"]
)
def test_a_scheduler_of_this_machine_or_with_a_certificate_is_used(address):
    refuse_open(address)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "tcp://example.org:1", "ws://h:1"]
)
def test_a_scheduler_that_anyone_in_the_network_could_use_is_refused(address):
    with pytest.raises(UserError, match="tls://"):
        refuse_open(address)


def test_without_dask_one_line_says_what_to_install(course, starter, monkeypatch, capsys):
    release(course, ASSIGNMENT)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["grade", ASSIGNMENT, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    printed = capsys.readouterr()
    assert printed.err == 'course: --scheduler needs Dask, which is not installed: pip install -e ".[dask]"\n'


@pytest.mark.needs("dask")
def test_a_scheduler_that_does_not_answer_is_named_in_one_line(course, starter, monkeypatch, capsys):
    monkeypatch.setattr("autograder.cluster.PATIENCE", 0.5)
    release(course, ASSIGNMENT)
    assert main(["grade", ASSIGNMENT, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("course: ")]
    assert "No Dask scheduler with workers answers at tcp://127.0.0.1:9" in line


class Cluster:
    """`dask scheduler` and `dask worker`, started as from two terminals; `address` is the scheduler's."""

    def __init__(self, folder, *options: str, workers: int = 2, protocol: str = "tcp"):
        self._file, self._log = folder / "scheduler.json", open(folder / "dask.log", "w")  # noqa: SIM115
        common = ["--scheduler-file", str(self._file), *options]
        here = ["--host", "127.0.0.1", "--port", "0", "--protocol", protocol, "--no-dashboard"]
        self._processes = [self._start("scheduler", *here, *common)]
        self.address = self._wait()["address"]
        many = ["--nworkers", str(workers), "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
        self._processes.append(
            self._start("worker", *many, "--local-directory", str(folder), "--protocol", protocol, *common)
        )

    def _start(self, *words: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", *words]
        return subprocess.Popen(command, env={**os.environ, **QUIET}, stdout=self._log, stderr=self._log)

    def _wait(self) -> dict:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                return json.loads(self._file.read_text())
            except (OSError, ValueError):
                assert self._processes[0].poll() is None, "the scheduler ended; see dask.log"
                time.sleep(0.1)
        raise AssertionError("the scheduler does not start")

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(60)
        self._log.close()


def command(course, *options: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "course_lib", "grade", ASSIGNMENT, *options],
        env={**os.environ, **QUIET, "COURSE_ROOT": str(course.root), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def everyone(course, starter) -> dict[str, float | None]:
    """Hand in one submission of each kind; their fair points."""
    release(course, ASSIGNMENT)
    found = submissions(starter)
    for student, (notebook, _) in found.items():
        hand_in(course, student, notebook)
    return {student: points for student, (_, points) in found.items()}


def recorded(course, students) -> dict[str, float | None]:
    found = {student: points_by_cell(course, student) for student in students}
    return {
        student: None if None in [p for c, p in points.items() if c != "q00_explain"] else sum(
            p for c, p in points.items() if c != "q00_explain"
        )
        for student, points in found.items()
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.needs("sandbox", "dask")
def test_a_cluster_started_by_hand_gives_every_kind_of_submission_its_fair_points(course, starter, tmp_path):
    fair = everyone(course, starter)
    with Cluster(tmp_path) as cluster:
        done = command(course, "--scheduler", cluster.address)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout  # one of them is no notebook
    assert recorded(course, fair) == fair
    entries = journal.read(course, ASSIGNMENT)
    assert sorted(entry.student for entry in entries) == sorted(fair)


@pytest.mark.slow
@pytest.mark.needs("sandbox", "dask", "openssl")
def test_with_tls_only_who_has_the_certificate_gets_to_the_scheduler(
    course, starter, tmp_path, monkeypatch, capsys
):
    fair = everyone(course, starter)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=course",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    files = ["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    ours = {f"{tls}CA_FILE": str(certificate)}
    for role in ("CLIENT", "WORKER", "SCHEDULER"):
        ours |= {f"{tls}{role}__CERT": str(certificate), f"{tls}{role}__KEY": str(key)}
    with Cluster(tmp_path, *map(str, files), protocol="tls") as cluster:
        assert cluster.address.startswith("tls://")
        # Seconds for which Dask asks again and again.
        monkeypatch.setattr("autograder.cluster.PATIENCE", 3)
        for address in (cluster.address, cluster.address.replace("tls:", "tcp:")):
            assert main(["grade", ASSIGNMENT, "--scheduler", address]) == 2
            assert "No Dask scheduler" in capsys.readouterr().err
        assert journal.read(course, ASSIGNMENT) == []
        done = command(course, "--scheduler", cluster.address, **ours)
        assert done.returncode == 1, done.stdout + done.stderr
    assert recorded(course, fair) == fair
