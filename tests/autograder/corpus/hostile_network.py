"""Reaching another machine, or a service on the grading machine's own loopback."""

# ruff: noqa: E501  a case keeps its few lines

from tests.autograder.corpus.case import FIRST_LOST, Case


def attack(name: str, about: str, source: str) -> Case:
    """`source` stands in the place of mean_square."""
    return Case(name, about, FIRST_LOST, mean_square=source)


CASES = [
    attack("loopback_tcp", "a service on the host's loopback", """\
import socket
for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", socket.gethostname()):
    try:
        with socket.create_connection((host, @PORT@), timeout=1) as connection:
            connection.sendall(b"mine")
            print("BRE" "ACH", host)
    except OSError as error:
        print(error)"""),
    attack("loopback_udp", "a packet that asks for no answer", """\
import socket
for host in ("127.0.0.1", "255.255.255.255", "224.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            connection.sendto(b"mine", (host, @PORT@))
        except OSError as error:
            print(error)"""),
    attack("abstract_socket", "a Unix socket that lies in no folder, and one in the home folder", """\
import socket
for address in ("\\0course-@PORT@", "@HOME@/socket", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(address)
            print("BRE" "ACH", address)
        except OSError as error:
            print(error)"""),
    attack("interfaces", "network interfaces other than loopback", """\
import socket
names = [name for _, name in socket.if_nameindex() if name != "lo"]
with open("/proc/net/route") as file:
    routes = file.readlines()[1:]
up = [name for name in names if open(f"/sys/class/net/{name}/operstate").read().strip() == "up"] if names else []
if routes or up:
    print("BRE" "ACH", names, routes)"""),
    attack("name_resolution", "a name is asked for, which would carry data to a name server", """\
import socket
socket.setdefaulttimeout(1)
try:
    print("BRE" "ACH", socket.getaddrinfo("answers.example.com", 80))
except OSError as error:
    print(error)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
    connection.settimeout(0.5)
    try:
        connection.connect(("192.0.2.1", 53))
        print("BRE" "ACH", connection.getsockname())
    except OSError as error:
        print(error)"""),
    attack("raw_sockets", "packets below TCP and UDP, and the kernel's own channels", """\
import socket
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_PACKET, socket.SOCK_RAW, 3),
                               (socket.AF_VSOCK, socket.SOCK_STREAM, 0)):
    try:
        with socket.socket(family, kind, protocol) as connection:
            connection.settimeout(1)
            if family == socket.AF_VSOCK:
                connection.connect((2, @PORT@))
                print("BRE" "ACH vsock")
            elif family == socket.AF_INET:
                connection.sendto(b"mine", ("192.0.2.1", 0))
                print("BRE" "ACH raw")
    except OSError as error:
        print(error)"""),
    attack("descriptor_over_socket", "descriptors of other processes are asked for", """\
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), *range(1, 64)} - {os.getpid(), 0}:
    handle = libc.syscall(434, pid, 0)
    for descriptor in range(16):
        taken = libc.syscall(438, handle, descriptor, 0) if handle >= 0 else -1
        if taken >= 0:
            target = os.readlink(f"/proc/self/fd/{taken}")
            print("BRE" "ACH" if "@COURSE@" in target or ".db" in target else "", target)"""),
]  # fmt: skip
