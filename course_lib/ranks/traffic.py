"""Bytes that this process has sent over TCP, as the operating system counts them."""

import os
import socket
import stat
import struct
import sys

# Offsets in Linux' struct tcp_info (linux/tcp.h): tcpi_notsent_bytes, and since 4.19 tcpi_bytes_sent with
# tcpi_bytes_retrans behind it.
WAITING, COUNTS = 144, 200


def sent_bytes() -> int | None:
    """Bytes sent so far over every TCP connection that is open now, headers of gloo's messages included.

    What the system sent once more, because a busy machine answered late, counts once, and what it still keeps
    for a receiver that is not ready counts already. None where the system does not tell (only Linux does).
    """
    if not sys.platform.startswith("linux"):
        return None
    return sum(_sent(int(name)) for name in os.listdir("/proc/self/fd"))


def _sent(file: int) -> int:
    """Bytes sent over the connection behind a file descriptor; 0 for whatever else it may be."""
    try:
        if not stat.S_ISSOCK(os.fstat(file).st_mode):
            return 0
        with socket.socket(fileno=os.dup(file)) as connection:
            internet = connection.family in (socket.AF_INET, socket.AF_INET6)
            if not internet or connection.type != socket.SOCK_STREAM:
                return 0
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            sent, again = struct.unpack_from("QQ", info, COUNTS)
            (waiting,) = struct.unpack_from("I", info, WAITING)
            return sent - again + waiting
    except (OSError, struct.error):
        return 0  # closed meanwhile, or a system whose answer is shorter
