"""A process that reads what a student wrote may die or be ended: who asked goes on, with a reason."""

import os
import signal
import sys
import time

import pytest

from autograder import limited
from autograder.limited import READING, Failed, Limit, ask
from course_lib.errors import UserError


def double(values):
    return [2 * value for value in values]


def number() -> int:
    return os.getpid()


def imported(module: str) -> bool:
    return module in sys.modules


def refuse():
    raise UserError("two\nlines")


def fail():
    return {}["\x1b[2J" + "x" * 10_000]


def die(how: int):
    print("words before death", flush=True)
    os.kill(os.getpid(), how)


def sleep():
    time.sleep(3600)


def hold(size: int):
    taken = bytearray(b"x") * size
    time.sleep(3600)
    return len(taken)


def many(count: int):
    return list(range(count))


def fork():
    if os.fork() == 0:
        time.sleep(3600)
    return os.getpid()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_plain_data_comes_back_from_one_process_that_is_kept():
    assert ask(READING, double, [1, 2]) == [2, 4]
    assert ask(READING, number) == ask(READING, number) != os.getpid()


def test_what_it_is_told_of_beforehand_it_has_imported_before_the_first_question():
    limited._asked.close()
    assert not ask(READING, imported, "stringprep")
    before = ask(READING, number)
    limited.warm_up("stringprep")
    assert ask(READING, imported, "stringprep")
    assert ask(READING, number) == before
    limited._asked.close()
    limited.warm_up("stringprep")
    assert ask(READING, imported, "stringprep")


def test_what_a_function_raises_is_one_line_and_the_process_stays():
    before = ask(READING, number)
    with pytest.raises(Failed, match=r"^two\\nlines$"):
        ask(READING, refuse)
    with pytest.raises(Failed, match=r"^KeyError: '[\\]+x1b\[2Jx+$") as failed:
        ask(READING, fail)
    assert len(str(failed.value)) < 600
    assert ask(READING, number) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_death_is_named_by_the_last_words_and_the_next_question_is_answered(how):
    with pytest.raises(Failed, match="died: words before death"):
        ask(READING, die, int(how))
    assert ask(READING, double, [3]) == [6]


@pytest.mark.parametrize(
    ("function", "details", "limit", "said"),
    [(sleep, (), Limit(0.5, 1 << 30), "0.5 seconds"), (hold, (300 << 20,), Limit(60, 200 << 20), "memory")],
)
def test_who_takes_too_much_is_ended_and_said_to_be(function, details, limit, said):
    before = ask(READING, number)
    with pytest.raises(Failed, match=f"had to be ended: it took more than .*{said}"):
        ask(limit, function, *details)
    assert not alive(before)
    assert ask(READING, double, [3]) == [6]


def test_an_answer_is_bounded_plain_data():
    assert len(ask(READING, many, 1000)) == 1000
    with pytest.raises(Failed, match="too many parts"):
        ask(READING, many, limited.MOST_PARTS + 1)
    with pytest.raises(Failed, match="no plain data"):
        ask(READING, object)


def test_who_stops_waiting_leaves_no_answer_for_the_next(monkeypatch):
    before = ask(READING, number)

    def interrupt(self, since, process):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Limit, "passed", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ask(READING, sleep)
    assert not alive(before)
    assert ask(READING, double, [3]) == [6]


def test_a_fork_of_the_program_asks_a_process_of_its_own():
    before = ask(READING, number)
    child = os.fork()
    if child == 0:
        os._exit(ask(READING, number) == before)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(READING, number) == before
