"""The process in which tests run. No code of a student is ever in it: their functions are stubs that ask."""

import ast
import builtins
import contextlib
import itertools
import secrets
import sys
from collections.abc import Callable

from course_lib.examination import kernels
from course_lib.examination.messages import MAX_ANSWER_PARTS, answer
from course_lib.examination.points import verdict
from course_lib.examination.shell import Shell
from course_lib.examination.wire import BadMessage, Channel, encode


class StudentProcessEnded(BaseException):
    """The student's process died or took too long: the test ends here, whatever exceptions it expects."""


class Examiner:
    """Runs the instructor's cells. Names that students define are looked up over `channel`."""

    def __init__(self, channel: Channel, shell: Shell, names: list[str]):
        self._channel, self._shell, self._names = channel, shell, names
        self._before: dict[str, dict] = {}
        self._hidden: dict = {}
        self._asks = True
        self._prints = True
        self._lost = ""  # why the student's process gave no answer in the test that runs
        self._ours = ""  # what of the course or the machine has failed in it
        # Only counted: to look at the names would copy the memory page of each for this process.
        self._known = len(sys.modules)
        kernels.run_elsewhere(self._ask_kernels, self._printed)

    def serve(self) -> None:
        """Do as the conductor asks, until it closes the channel."""
        while True:
            try:
                what, *details = self._channel.receive()
            except EOFError:
                return
            getattr(self, f"_{what}")(*details)

    def _run(self, source: str) -> None:
        """An instructor's cell that is no test."""
        self._channel.send("ran", self._shell.run(source))

    def _imported(self) -> None:
        """Tell which modules the instructor's cells have imported here."""
        new = itertools.islice(reversed(sys.modules), max(0, len(sys.modules) - self._known))
        self._channel.send("imported", list(new)[::-1])

    def _park(self, name: str) -> None:
        """Remember the names as they are now for the hidden test `name`, which runs later."""
        self._before[name] = dict(self._shell.user_ns)

    def _test(self, name: str, source: str) -> None:
        """Run a test cell, a hidden one with the names that were there at its place."""
        self._channel.send("tested", *self._tested(name, source, self._run_test))

    def _again(self, name: str, source: str) -> None:
        """Define what a test defined in a process that was lost, with nobody to answer for functions."""
        self._asks = False
        self._tested(name, source, self._define)
        self._asks = True
        self._channel.send("ran", [])

    def _run_test(self, source: str) -> tuple[list, list]:
        outputs = self._shell.run(source)
        return outputs, verdict(self._shell.succeeded, self._shell.value, self._lost, self._ours)

    def _tested(self, name: str, source: str, run: Callable) -> tuple[list, list]:
        """Outputs and verdict of a test cell."""
        namespace = self._shell.user_ns
        hidden = name in self._before
        self._prints, self._lost, self._ours = not hidden, "", ""
        if hidden:
            before = self._before.pop(name)
            namespace.clear()
            namespace.update(before | self._hidden)
        try:
            self._look_up(source)
        except Exception as error:
            kind = type(error).__name__
            told = {"output_type": "error", "ename": kind, "evalue": str(error)[:500], "traceback": []}
            return [told], verdict(False, None, self._lost)
        known = dict(namespace)
        found = run(source)
        if hidden:  # a later hidden test may build on this one
            self._hidden |= {key: value for key, value in namespace.items() if known.get(key) is not value}
        return found

    def _define(self, source: str) -> tuple[list, list]:
        """Run each statement by itself, whatever becomes of those before it."""
        for node in ast.parse(self._shell.transform_cell(source)).body:
            code = compile(ast.Module([node], type_ignores=[]), "<test>", "exec")
            with self._shell.quiet(), contextlib.suppress(Exception, StudentProcessEnded):
                exec(code, self._shell.user_ns)
        return [], verdict(False, None)

    def _printed(self, text: str) -> str:
        """What a student's kernel printed, as far as a verdict may show it: it may quote a hidden input."""
        return text if self._prints else ""

    def _look_up(self, source: str) -> None:
        """Bring the student's names up to date: functions as stubs, data as copies."""
        namespace = self._shell.user_ns
        told = self._ask("names", self._names)
        found = told[1] if told[0] == "names" else [(name, "function") for name in self._names]
        if [name for name, _ in found] != self._names:
            self._lost = "the student's process named something else"
            raise BadMessage(self._lost)
        for name, kind in found:
            if kind == "function":
                namespace[name] = self._stub(name)
            elif kind == "value":
                namespace[name] = self._value(name)
            else:
                namespace.pop(name, None)

    def _value(self, name: str):
        told = self._ask("value", name)
        if told[0] == "value":
            return told[1]
        if told[0] == "gone":
            return self._stub(name)

        def refused(*_, **__):
            raise TypeError(f"{name} is {told[-1]}")

        refused.__name__ = name
        return refused

    def _stub(self, name: str) -> Callable:
        def stub(*arguments, **keywords):
            return self._result(name, self._ask("call", name, list(arguments), dict(keywords)))

        stub.__name__ = stub.__qualname__ = name
        return stub

    def _ask(self, *question) -> list:
        """Ask the student's process. The answer is of its own making; nothing in it is believed.

        Begins with "gone", and why in words of the grader's, where no answer to this question comes.
        """
        if not self._asks:
            return ["gone", "it is not asked again"]
        number = secrets.token_hex(8)
        self._channel.send("ask", encode([question[0], number, *question[1:]]))
        try:
            if gone := self._received():
                return gone
            return answer(self._channel.receive(parts=MAX_ANSWER_PARTS), question[0], number)
        except BadMessage as error:
            self._lost = str(error)
            return ["gone", self._lost]

    def _ask_kernels(self, *question) -> list:
        if not self._asks:
            return ["failed", "it is not run again"]
        self._channel.send("kernel", encode(list(question)))
        try:
            gone = self._received()
            told = ["failed", gone[1]] if gone else self._channel.receive()
        except BadMessage as error:
            return ["failed", str(error)]
        if told[0] == "ours":
            self._ours = str(told[1]).partition("\n")[0][:500]
        return told

    def _received(self) -> list:
        """The conductor's word on a question: [] when the answer follows."""
        what, *why = self._channel.receive()
        return [] if what == "answered" else [what, *why]

    def _result(self, name: str, told: list):
        what = told[0]
        if what == "value":
            return told[1]
        if what == "refused":
            raise TypeError(f"{name} returned {told[1][:200]}")
        if what == "raised":
            raise _exception(told[1], told[2][:500])
        self._lost = f"{name}: {told[1][:200]}"
        raise StudentProcessEnded(self._lost)


def _exception(names: list, message: str) -> Exception:
    """An exception of the student, as the built-in class that it is or derives from.

    Its name is kept; those that steer Python itself arrive as RuntimeErrors of that name.
    """
    names = [name for name in names if name.isidentifier()][:20]
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            break
    else:
        kind = RuntimeError
    if issubclass(kind, (StopIteration, StopAsyncIteration)):
        kind = RuntimeError  # it would end a loop of the test, as if there were nothing left to check
    if names and names[0] != kind.__name__:
        kind = type(names[0][:80], (kind,), {})
    try:
        return kind(message)
    except Exception:
        return RuntimeError(f"{names[0] if names else 'an exception'}: {message}")
