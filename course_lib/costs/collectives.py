"""Time and traffic of collectives by the alpha-beta model: a message of n bytes takes alpha + n / bandwidth.

Every rank sends and receives at once, one message at a time. Ring algorithms: Patarasuk and Yuan 2009;
trees: Thakur, Rabenseifner and Gropp 2005.
"""

import math
from dataclasses import dataclass

from course_lib.arguments import count, instance, not_negative, real
from course_lib.hardware import Link
from course_lib.notebook.reference import reference

KINDS = ("send", "broadcast", "all_gather", "reduce_scatter", "all_reduce", "all_to_all")
# Seconds a hop of a ring waits: NCCL, src/graph/tuning.cc, hwLat, protocol Simple.
HOP_SECONDS = {"NVLink": 3.4e-6, "PCIe": 5.7e-6, "InfiniBand": 14e-6, "Ethernet": 14e-6}


@dataclass(frozen=True)
class Network:
    """What joins the ranks: seconds a message waits (alpha), and bytes/s of one rank in one direction.

    Raises ValueError for a negative latency, and a bandwidth that is not above 0.
    """

    latency: float
    bandwidth: float

    def __post_init__(self):
        if real("latency", self.latency) < 0 or real("bandwidth", self.bandwidth) <= 0:
            raise ValueError(
                f"latency must be at least 0 and bandwidth above 0, not {self.latency} and {self.bandwidth}"
            )
        not_negative(latency=self.latency)
        if math.isnan(self.bandwidth):
            raise ValueError("bandwidth must be greater than 0, not nan")

    @classmethod
    def of(cls, link: Link) -> "Network":
        """A link from the data sheets: its typical bandwidth where one is known, and NCCL's latency a hop.

        Raises ValueError for a link of a kind whose latency is not known.
        """
        instance("link", link, Link)
        kind = link.name.split()[0] if link.name.split() else ""
        if kind not in HOP_SECONDS:
            raise ValueError(f"the latency of {link.name!r} is not known; known: {', '.join(HOP_SECONDS)}")
        return cls(HOP_SECONDS[kind], link.typical or link.peak)


@reference("Q6.4")
def steps(kind: str, ranks: int) -> int:
    """Messages one after the other: a ring's n - 1, twice for all_reduce; a tree's ceil(log2 n).

    Raises ValueError for an unknown kind and no ranks.
    """
    _check(kind, ranks)
    if ranks == 1:
        return 0
    if kind == "send":
        return 1
    if kind == "broadcast":
        return (int(ranks) - 1).bit_length()
    return (ranks - 1) * (2 if kind == "all_reduce" else 1)


@reference("Q6.4")
def bytes_sent(kind: str, nbytes: float, ranks: int) -> float:
    """Bytes that the busiest rank sends. `nbytes` is the whole message that a rank holds at the end
    (all_gather) or at the start (all others).

    Ring all_reduce: 2(n - 1)/n of the message, reduce_scatter and all_gather half of that each. Raises
    ValueError for an unknown kind, no ranks or negative bytes.
    """
    _check(kind, ranks)
    if real("nbytes", nbytes) < 0:
        raise ValueError(f"a message has no {nbytes} bytes: nbytes must be at least 0")
    not_negative(nbytes=nbytes)
    whole = kind in ("send", "broadcast")
    return steps(kind, ranks) * (nbytes if whole else nbytes / ranks)


@reference("Q6.4")
def seconds(kind: str, nbytes: float, ranks: int, network: Network) -> float:
    """Time of a collective: steps · alpha + bytes sent / bandwidth; 0 for one rank.

    Raises ValueError as bytes_sent.
    """
    instance("network", network, Network)
    return steps(kind, ranks) * network.latency + bytes_sent(kind, nbytes, ranks) / network.bandwidth


def _check(kind: str, ranks: int) -> None:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"a collective is one of {', '.join(KINDS)}, not kind {kind!r}")
    if not real("ranks", ranks) >= 1:
        raise ValueError(f"a collective has at least one rank, not {ranks} ranks")
    count(ranks=ranks)
