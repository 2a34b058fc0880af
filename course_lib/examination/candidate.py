"""The process in which a student's cells run. It believes nothing to be hidden from the code it runs."""

import functools
import multiprocessing.process
import os
import socket
import sys

from course_lib.examination.shell import Shell
from course_lib.examination.wire import BadMessage, Channel, NotPlain

MAX_MESSAGE = 500  # characters of an exception's text


def serve(channel: Channel, shell: Shell) -> None:
    """Run cells, make snapshots and answer as asked, until the other side closes the channel."""
    sys.path.insert(0, "")  # as in a notebook: modules that lie beside it
    multiprocessing.process.ORIGINAL_DIR = os.getcwd()  # there, too, for processes that it spawns
    while True:
        try:
            what, *details = channel.receive()
        except EOFError:
            return
        if what == "run":
            source, seconds = details
            channel.send("ran", shell.run(source, seconds))
        elif what == "snapshot":
            _, files, _, _ = socket.recv_fds(channel.socket, 1, 1)
            _snapshot(channel, files[0], shell)
        elif what == "answer":
            answer(channel, shell)


def _snapshot(channel: Channel, file: int, shell: Shell) -> None:
    """Fork a process that answers for the notebook's functions as they are now; what they do stays there."""
    if os.fork():
        os.close(file)
        channel.send("snapshot")
        return
    status = 1
    try:
        channel.socket.close()
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)  # a pool of threads does not survive a fork; using it would hang
        answer(Channel(socket.socket(fileno=file)), shell)
        status = 0
    finally:
        os._exit(status)


def answer(channel: Channel, shell: Shell) -> None:
    """Answer questions about names of the notebook until the channel is closed.

    Each has a number, which its answer bears too.
    """
    while True:
        try:
            what, number, *details = channel.receive()
        except EOFError:
            return
        if what == "names":
            channel.send("names", number, [_described(shell.user_ns, name) for name in details[0]])
        elif what == "call":
            _reply(channel, number, functools.partial(_called, shell.user_ns, *details))
        elif what == "value":
            _reply(channel, number, functools.partial(shell.user_ns.__getitem__, details[0]))


def _called(namespace: dict, name: str, arguments: list, keywords: dict):
    return namespace[name](*arguments, **keywords)


def _described(namespace: dict, name: str) -> list:
    if name not in namespace:
        return [name, "absent"]
    return [name, "function" if callable(namespace[name]) else "value"]


def _reply(channel: Channel, number: str, compute) -> None:
    try:
        with Shell.instance().quiet():
            value = compute()
    except BaseException as error:
        names = [kind.__name__ for kind in type(error).__mro__]
        channel.send("raised", number, names, _text(error))
        return
    try:
        channel.send("value", number, value)
    except (NotPlain, BadMessage) as error:
        channel.send("refused", number, str(error))


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_MESSAGE]
    except BaseException:  # whatever it is, the exception it was asked of has been raised
        return ""
