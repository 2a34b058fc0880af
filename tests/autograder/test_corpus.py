"""Every submission of the corpus gets the outcome that was written down as fair, and harms nothing.

The corpus was written before the engine that it judges. All of it runs with ./course test --all, the first
cases of each family always.
"""

import collections
import contextlib
import itertools
import json
import os
import signal
import warnings

import nbformat
import pytest

from autograder.engine import Assignment, Times, grade_submission
from autograder.sandbox import Limits
from autograder.warm import Warm
from tests.autograder.corpus import assignment, page
from tests.autograder.corpus.case import Case
from tests.autograder.corpus.catalogue import HOSTILE, ODD, cases
from tests.autograder.corpus.folders import FOLDERS
from tests.autograder.corpus.host import PASSWORD, Host, processes_named
from tests.autograder.corpus.judge import leaked, outputs, unfair

# Short and low: many cases go on until a limit stops them, and a machine that runs tests must stay usable.
TIMES = Times(cell=3.0, call=2.0, launch=1.5, test=20.0, grace=4.0)
# For what only ends at a limit, whatever that is: the right answers beside it take milliseconds.
SOON = Times(cell=1.0, call=1.0, launch=1.0, test=20.0, grace=1.0)
ENDLESS = {
    *("endless", "endless_barrier", "endless_below_python", "endless_call", "endless_cell"),
    *("endless_hidden_call", "endless_import", "endless_property", "endless_sleep", "sleeping_call"),
    *("interrupt_caught", "signals_ignored", "macro_bomb", "slow_repr", "text_of_an_error_never_ends"),
    *("million_keys", "text_of_a_gigabyte"),
}
LIMITS = Limits(
    wall_seconds=60, cpu_seconds=30, memory=2 << 30, processes=64, scratch=64 << 20, file_size=64 << 20
)
ALWAYS = 2
HANGS = 150  # seconds after which a test of one submission is a failure
PROBE = """\
import json, os, socket, sys

def possible(action):
    try:
        action()
        return True
    except OSError:
        return False

print("PROBE" + json.dumps({
    "signals the grader": possible(lambda: os.kill(@GRADER@, 0)),
    "sees the course folder": os.path.exists("@COURSE@"),
    "reaches a service of the host": possible(lambda: socket.create_connection(("127.0.0.1", @PORT@), 1)),
    "writes into the Python installation": possible(lambda: open(json.__file__, "a").close()),
    "writes into /etc": possible(lambda: open("/etc/passwd", "a").close()),
    "writes kernel settings": possible(lambda: open("/proc/sys/kernel/core_pattern", "a").close()),
}))"""


def parameters(families, always: int) -> list:
    """The cases as pytest wants them; those after the first `always` of a family are slow."""
    return [
        pytest.param(
            case, id=f"{family}-{case.name}", marks=() if number in range(always) else pytest.mark.slow
        )
        for family, members in families.items()
        for number, case in enumerate(members)
    ]


@pytest.fixture(scope="session")
def assignments() -> dict[bool, Assignment]:
    """The editions without and with a kernel."""
    return {kernel: Assignment.from_source(assignment.source(kernel)) for kernel in (False, True)}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A host with secrets; the grader's processes start with one in their environment."""
    with pytest.MonkeyPatch.context() as patch, Host(tmp_path_factory.mktemp("host")) as host:
        patch.setenv(PASSWORD, assignment.CANARIES[0])
        yield host


@pytest.fixture(scope="module")
def warm(host):
    """One for all cases that this worker runs."""
    with Warm(limits=LIMITS) as warm:
        yield warm


@pytest.fixture(scope="module")
def honest_after(host, assignments, warm):
    """Grades an honest submission after every eighth hostile one, and at the end: it must get its points."""
    honest, seen = Case("honest", "the next student's right answers"), itertools.count(1)

    def check(at_once: bool = False) -> None:
        if at_once or next(seen) % 8 == 0:
            result = grade(honest, assignments, warm, **host.places())
            assert leaked(result) == []
            assert unfair(honest, result) == []

    yield check
    check(at_once=True)


@pytest.fixture(scope="module")
def confined(host, assignments, warm):
    """The host, once it is certain that no case can harm it: some would end every process of this user."""
    probe = Case("probe", "what a submission can do here", before=(PROBE,))
    data = probe.submission(grader=os.getpid(), **host.places())
    result = grade_submission(data, assignments[False], warm=warm, times=TIMES)
    said = [line for line in outputs(result).split("\n") if line.startswith("PROBE")]
    if not said or any(json.loads(said[0].removeprefix("PROBE")).values()):
        pytest.fail(f"not confined, so no hostile case is run: {said or result}", pytrace=False)
    host.reached()
    return host


@contextlib.contextmanager
def no_hang():
    """Raises TimeoutError where a result never comes."""

    def stop(*_):
        raise TimeoutError(f"no result after {HANGS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def grade(case: Case, assignments, warm, **places):
    times = SOON if case.name in ENDLESS else TIMES
    with no_hang():
        return grade_submission(case.submission(**places), assignments[case.kernel], warm=warm, times=times)


def read_strictly(executed: bytes):
    """An executed notebook, in which nothing stands that a browser cannot read as JSON."""

    def refuse(word):
        pytest.fail(f"{word} is no JSON")

    return nbformat.from_dict(json.loads(executed.decode(), parse_constant=refuse))


@pytest.mark.needs("sandbox", "compiler")
@pytest.mark.parametrize("case", parameters(HOSTILE, ALWAYS))
def test_a_hostile_submission_gains_nothing_and_leaves_nothing(
    case, confined, assignments, warm, honest_after
):
    places, before = confined.places(), confined.files()
    result = grade(case, assignments, warm, **places)
    assert unfair(case, result) == []
    assert leaked(result) == []
    assert confined.reached() == []
    assert confined.files() == before
    assert processes_named(places["mark"]) == []
    if result.executed:
        read_strictly(result.executed)
    payload = f"steal{places['mark']}"
    if payload.encode() in result.executed:
        assert page.active(page.rendered(result.executed), payload) == []
    if case.sequel:
        assert leaked(grade(case.following(), assignments, warm, **confined.places())) == []
    honest_after()


@pytest.mark.needs("sandbox", "compiler")
@pytest.mark.parametrize("case", parameters(ODD, ALWAYS))
def test_an_honest_but_odd_submission_gets_what_is_fair(case, host, assignments, warm):
    result = grade(case.everywhere(), assignments, warm, **host.places())
    assert unfair(case, result) == []
    assert leaked(result) == []
    if result.executed:
        nbformat.validate(read_strictly(result.executed))


def test_the_corpus_is_as_large_as_it_says():
    hostile, odd = cases(HOSTILE), cases(ODD)
    assert len(hostile) >= 350
    assert len(odd) >= 260
    assert len(FOLDERS) >= 55
    names = collections.Counter(case.name for case in (*hostile, *odd, *FOLDERS))
    assert [name for name, times in names.items() if times > 1] == []
    assert names.keys() >= ENDLESS
    assert all(case.about for case in hostile + odd)


@pytest.mark.parametrize("case", parameters(HOSTILE | ODD, len(cases(HOSTILE | ODD))))
def test_a_case_is_what_it_claims_to_be(case):
    """A placeholder left over or a file that differs from the starter in nothing would test nothing."""
    data = case.submission(course="/course", home="/home", port=1, mark=2)
    assert not any(f"@{name}@".encode() in data for name in ("COURSE", "HOME", "PORT", "MARK"))
    for task, points in case.points.items():
        assert points is None or all(
            0 <= p <= full for p, full in zip(points, assignment.FULL[task], strict=True)
        )
    if case.encode is str.encode and case.change is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            notebook = nbformat.reads(data.decode(), as_version=4)
        nbformat.validate(notebook)


@pytest.mark.parametrize("kernel", [False, True])
def test_reference_solutions_pass_their_own_tests_in_plain_python(kernel, monkeypatch):
    """Without any grader: cells in order, as a notebook runs them."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    earned = {}
    for cell in json.loads(assignment.source(kernel))["cells"]:
        if cell["cell_type"] == "code":
            done = shell.run_cell("".join(cell["source"]), silent=False)
            done.raise_error()
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                earned[cell["metadata"]["nbgrader"]["grade_id"]] = done.result
    assert earned == {
        f"q00_{task}_{kind}": pytest.approx(points)
        for task in assignment.tasks(kernel)
        for kind, points in zip(("test", "hidden"), assignment.FULL[task], strict=True)
    }


def test_hidden_tests_hold_every_secret_that_is_searched_for():
    text = assignment.source(kernel=True).decode()
    assert [secret for secret in assignment.SECRETS if secret not in text] == []
    starter = json.dumps(assignment.starter(kernel=True))
    assert [secret for secret in assignment.SECRETS if secret in starter] == []
