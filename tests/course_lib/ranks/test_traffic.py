"""Bytes sent over TCP: on a real connection, and on one that loses what is sent."""

import ctypes
import socket
import struct
import sys
import time

import pytest

from course_lib.ranks.traffic import COUNTS, WAITING, sent_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
ATTACH_FILTER, DETACH_FILTER = 26, 27  # SO_ATTACH_FILTER and SO_DETACH_FILTER of asm-generic/socket.h


@pytest.fixture
def pair():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
        server.accept()[0] as other,
    ):
        yield one, other


def lose_everything(connection: socket.socket) -> None:
    """From now on the socket takes no packet: a filter of one instruction, "keep 0 bytes"."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    connection.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(code)))


def received(connection: socket.socket, count: int) -> int:
    connection.settimeout(30)
    found = 0
    while found < count:
        found += len(connection.recv(count - found))
    return found


def test_what_is_sent_is_counted(pair):
    before = sent_bytes()
    pair[0].sendall(bytes(1000))
    received(pair[1], 1000)
    assert sent_bytes() - before == 1000


def test_what_the_system_keeps_for_a_receiver_that_is_not_ready_is_counted(pair):
    before = sent_bytes()
    pair[0].setblocking(False)
    count = pair[0].send(bytes(1 << 24))
    assert struct.unpack_from("I", pair[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), WAITING)[0]
    assert sent_bytes() - before == count
    received(pair[1], count)
    assert sent_bytes() - before == count


def test_what_was_lost_and_sent_again_counts_once(pair):
    before = sent_bytes()
    lose_everything(pair[1])
    pair[0].sendall(bytes(1000))
    while True:  # until it has been sent at least twice
        time.sleep(0.05)
        info = pair[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        if struct.unpack_from("Q", info, COUNTS)[0] > 1000:
            break
    pair[1].setsockopt(socket.SOL_SOCKET, DETACH_FILTER, 0)
    received(pair[1], 1000)
    assert sent_bytes() - before == 1000
