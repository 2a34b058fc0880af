"""The process that runs one kernel after another: starting it, asking it, and knowing how it has ended."""

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from course_lib.cuda import runner
from course_lib.cuda.errors import KernelError
from course_lib.cuda.signature import Kernel

# Where a program leaves SIGPIPE as it is, as the grader's do, a pipe to a process that has died would end it.
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
_LAST_WORDS = 4096  # bytes of its errors that are read
_TO_START = 60.0  # seconds that a busy machine may take to start it, or to load a library in it


class Ended(Exception):
    """The process has ended by itself, with `status` (negative: a signal) and what it wrote as its errors."""

    def __init__(self, status: int, errors: bytes):
        super().__init__(f"status {status}")
        self.status, self.errors = status, errors


class Service:
    """A new process; `segments` are the files that it maps, each with its size, `calls` its filter.

    `addresses` says where it has mapped them. Raises OSError where no process can be started, and Ended.
    """

    def __init__(self, segments: Sequence[tuple[int, int]], calls: bytes):
        self.owner, self.segments = os.getpid(), len(segments)
        self._kernels: dict[tuple[Path, str], int] = {}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        asked, self._asking = socket.socketpair()
        self._answers, answers = os.pipe()
        job = {"asked": asked.fileno(), "answers": answers, "segments": list(segments), "filter": calls.hex()}
        try:
            self._child = subprocess.Popen(
                runner.command("--lasting", json.dumps(job)),
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
                pass_fds=[asked.fileno(), answers, *(file for file, _ in segments)],
            )  # fmt: skip
        except BaseException:
            self._asking.close()
            os.close(self._answers)
            raise
        finally:
            asked.close()
            os.close(answers)
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        try:
            places = self._read(8 * len(segments), time.monotonic() + _TO_START)
        except BaseException:
            self.end()
            raise
        self.addresses = struct.unpack(f"<{len(segments)}Q", places)

    def launch(
        self, library: Path, kernel: Kernel, shape: Sequence[int], arguments: Sequence, seconds: float
    ) -> tuple[bool, str, str]:
        """Run a kernel: whether it ended well, the runtime's message, and what it has printed.

        `shape`: bytes of shared memory, workers, three extents each of grid and block. `arguments`: numbers,
        and addresses in the process. Raises TimeoutError and Ended, after which there is no process any more;
        LookupError for a kernel that the host does not have; and OSError.
        """
        number = self._kernels.get((library, kernel.name))
        if number is None:
            number = self._meet(library, kernel)
        failed, told, printed = self._ask(kernel.message.pack(number, *shape, *arguments), seconds)
        return not failed, told, printed

    def _meet(self, library: Path, kernel: Kernel) -> int:
        words = f"{library}\0{kernel.name}".encode()
        failed, told, _ = self._ask(runner.MEET.to_bytes(4, "little") + words, _TO_START)
        if failed == runner.NO_KERNEL:
            raise LookupError(kernel.name)
        if failed:
            raise OSError(told)
        return self._kernels.setdefault((library, kernel.name), len(self._kernels))

    def _ask(self, question: bytes, seconds: float) -> tuple[int, str, str]:
        try:
            with contextlib.suppress(ConnectionError):  # it has ended, which reading tells
                self._asking.send(question, _NO_SIGNAL)
            until = time.monotonic() + seconds
            failed, told, printed = runner.ANSWER.unpack(self._read(runner.ANSWER.size, until))
            if not told + printed:
                return failed, "", ""
            if told + printed > runner.MOST_TOLD:
                raise KernelError("the process that ran the kernel answered what it could not know")
            text = self._read(told + printed, until)
            return failed, *(part.decode(errors="replace") for part in (text[:told], text[told:]))
        except BaseException:
            self.end()
            raise

    def _read(self, count: int, until: float) -> bytes:
        answer = b""
        while len(answer) < count:
            if not self._poll.poll(max(0.0, 1e3 * (until - time.monotonic()))):
                raise TimeoutError
            part = os.read(self._answers, count - len(answer))
            if not part:
                status = self._child.wait()
                last = max(0, self._errors.seek(0, os.SEEK_END) - _LAST_WORDS)
                self._errors.seek(last)
                raise Ended(status, self._errors.read())
            answer += part
        return answer

    @property
    def is_over(self) -> bool:
        """Whether it has been ended here."""
        return self._asking.fileno() < 0

    def end(self) -> None:
        """Kill it and wait until it is dead."""
        self._child.kill()
        self._child.wait()
        self.let_go()

    def let_go(self) -> None:
        """Close this process's ends: in a fork, where the process is another's, nothing else is done."""
        if not self.is_over:
            self._asking.close()
            os.close(self._answers)
            self._child.stdin.close()
            self._errors.close()
