"""The process in which tests run. No code of a student is ever in it: their functions are stubs that ask."""

import builtins
from collections.abc import Callable

from course_lib.examination import kernels
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
        kernels.run_elsewhere(self._ask_kernels)

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

    def _park(self, name: str) -> None:
        """Remember the names as they are now for the hidden test `name`, which runs later."""
        self._before[name] = dict(self._shell.user_ns)

    def _test(self, name: str, source: str) -> None:
        """Run a test cell, a hidden one with the names that were there at its place."""
        namespace = self._shell.user_ns
        hidden = name in self._before
        if hidden:
            before = self._before.pop(name)
            namespace.clear()
            namespace.update(before | self._hidden)
        try:
            self._look_up(source)
        except Exception as error:
            outputs = [
                {"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}
            ]
        else:
            known = dict(namespace)
            outputs = self._shell.run(source)
            if hidden:  # a later hidden test may build on this one
                self._hidden |= {
                    key: value for key, value in namespace.items() if known.get(key) is not value
                }
        self._channel.send("tested", outputs)

    def _look_up(self, source: str) -> None:
        """Bring the student's names up to date: functions as stubs, data as copies."""
        namespace = self._shell.user_ns
        answer = self._ask("names", self._names)
        found = answer[1] if answer[0] == "names" else [(name, "function") for name in self._names]
        for name, kind in found:
            if name not in self._names:
                raise BadMessage("the student's process named something else")
            if kind == "function":
                namespace[name] = self._stub(name)
            elif kind == "value":
                namespace[name] = self._value(name)
            else:
                namespace.pop(name, None)

    def _value(self, name: str):
        answer = self._ask("value", name)
        if answer[0] == "value":
            return answer[1]
        if answer[0] == "gone":
            return self._stub(name)

        def refused(*_, **__):
            raise TypeError(f"{name} is {answer[1]}")

        refused.__name__ = name
        return refused

    def _stub(self, name: str) -> Callable:
        def stub(*arguments, **keywords):
            return _result(name, self._ask("call", name, list(arguments), dict(keywords)))

        stub.__name__ = stub.__qualname__ = name
        return stub

    def _ask(self, *question) -> list:
        """Ask the student's process. The answer is of its own making; nothing in it is believed."""
        self._channel.send("ask", encode(list(question)))
        return self._channel.receive()

    def _ask_kernels(self, *question) -> list:
        self._channel.send("kernel", encode(list(question)))
        answer = self._channel.receive()
        return ["failed", str(answer[1])] if answer[0] == "gone" else answer


def _result(name: str, answer: list):
    what = answer[0]
    if what == "value":
        return answer[1]
    if what == "refused":
        raise TypeError(f"{name} returned {str(answer[1])[:200]}")
    if what == "raised":
        raise _exception(answer[1], str(answer[2])[:500])
    raise StudentProcessEnded(f"{name}: {str(answer[-1])[:200]}")


def _exception(names: list, message: str) -> Exception:
    """An exception of the student, as the built-in class that it is or derives from."""
    names = [name for name in names if type(name) is str and name.isidentifier()][:20]
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            break
    else:
        kind = RuntimeError
    if names and names[0] != kind.__name__:
        kind = type(names[0][:80], (kind,), {})
    try:
        return kind(message)
    except Exception:
        return RuntimeError(f"{names[0] if names else 'an exception'}: {message}")
