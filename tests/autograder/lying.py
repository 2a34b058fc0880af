"""A candidate that lies on the wire: its messages are changed in types, words, order, length and depth.

The text of this file is run in a cell, so that the process that runs it really speaks on the socket.
"""

import random
import struct
import time

import msgpack
import numpy as np

from course_lib.examination.wire import Channel, encode

WORDS = (
    *("ran", "snapshot", "imported", "tested", "ask", "kernel", "names", "value", "raised", "refused"),
    *("gone", "answered", "ready", ""),
)
VALUES = (
    *(None, True, -1, 1 << 70, 10**5000, -0.75, float("nan"), float("inf"), 2j),
    *("x", "x" * 100_000, "\ud800", b"\xff", [], [[]] * 3, [0] * 1000, {}, {"a": {"b": []}}, ()),
    *(np.zeros(3), np.ones((2, 2)), np.array("\ud800"), np.float32(3), np.array([True, False])),
    *(["passed", ""], ["number", 100.0], ["names", "value"]),
)


def places(value, path=()):
    """Paths of all parts of a message that are lists or dictionaries' values or items."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from places(part, (*path, key))


def changed(message: list, choose: random.Random, heard: list) -> list:
    """A message with one part swapped, removed, doubled, nested, or replaced by what was asked."""
    message = msgpack.unpackb(msgpack.packb(message, default=repr, unicode_errors="surrogatepass"),
                              unicode_errors="surrogatepass", strict_map_key=False)  # fmt: skip
    *above, last = choose.choice(list(places(message)))
    place = message
    for key in above:
        place = place[key]
    how = choose.randrange(6)
    if how == 0:
        place[last] = choose.choice(VALUES)
    elif how == 1:
        del place[last]
    elif how == 2 and isinstance(place, list):
        place.insert(last, place[last])
    elif how == 3:
        for _ in range(choose.choice((1, 5, 30, 60))):
            place[last] = [place[last]]
    elif how == 4:
        place[last] = str(heard[-1:])  # the last question, a hidden input in it
    else:
        message[:1] = [choose.choice(WORDS)]
    return message


def framed(data: bytes, choose: random.Random) -> list[bytes]:
    """What goes over the socket for an encoded message: cut, doubled, mixed up or of another length."""
    head, at = struct.pack(">I", len(data)), choose.randrange(len(data) + 1)
    noise = choose.randbytes(choose.randrange(1, 9))
    return choose.choice((
        [head + data, head + data],
        [struct.pack(">I", at) + data[:at]],
        [head + data[:at] + noise[: len(data) - at] + data[at + len(noise) :]],
        [struct.pack(">I", len(data) + len(noise)) + data[:at] + noise + data[at:]],
        [struct.pack(">I", 0), head + data],
        [head + data, noise],
        [struct.pack(">I", 2**32 - 1) + data],
        [struct.pack(">I", 30_000) + b"\x92\x00" * 15_000],
        [head + data[:at]],
        [],
    ))  # fmt: skip


def lie(seed: int, rate: float) -> None:
    """From now on `rate` of the messages of this process, and of its copies, are changed."""
    choose, heard, held = random.Random(seed), [], []
    receive = Channel.receive

    def hear(self, *arguments, **named):
        heard.append(receive(self, *arguments, **named))
        return heard[-1]

    def send(self, *message):
        parts = [struct.pack(">I", len(data := encode(list(message)))) + data]
        if choose.random() < rate:
            how = choose.randrange(8)
            if how < 4:
                data = encode(changed(list(message), choose, heard))
                parts = [struct.pack(">I", len(data)) + data]
            elif how < 6:
                parts = framed(data, choose)
            elif how == 6:
                held.extend(parts)  # it comes behind the next
                return
            else:
                time.sleep(choose.choice((0.01, 0.3)))
        for part in [*parts, *held]:
            self.socket.sendall(part)
        held.clear()

    Channel.receive, Channel.send = hear, send
