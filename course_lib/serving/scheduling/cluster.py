"""Nodes, GPUs and links that serve one model, and the cluster of question 11 among them."""

import math
from dataclasses import dataclass, replace

from course_lib.arguments import (
    FINITE,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TEXT,
    WHOLE,
    a,
    check_fields,
    each,
    takes,
)
from course_lib.hardware import GB, Link, link
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape, kv_bytes_per_token, shape

CASE_WEIGHTS = 6 * GB  # three billion parameters at two bytes, as the case says
PAIR_MODES = ("one copy", "replicas")


@dataclass(frozen=True)
class ClusterGPU:
    """A GPU in a node: memory in bytes, and how fast it is compared with what a StepCost describes.

    Raises ValueError for a memory that is not above 0, and a name that is empty; Cluster looks at the speed.
    """

    name: str
    node: str
    memory_bytes: float
    speed: float = 1.0

    def __post_init__(self):
        check_fields(self, name=TEXT, node=TEXT, memory_bytes=POSITIVE, speed=FINITE)
        if not self.name:
            raise ValueError("name must not be empty")


@dataclass(frozen=True)
class Place:
    """Where a request can run: one GPU, or several that hold its keys and values together; room in tokens."""

    name: str
    gpus: tuple[str, ...]
    room: int
    speed: float = 1.0


@dataclass(frozen=True)
class Cluster:
    """GPUs that each hold `weight_bytes` of the model beside keys and values, `token_bytes` per token.

    joined: names of two GPUs of a node that can serve a request together. pair "one copy": they share one
    copy of the model, half of its layers on each, and what is left of both is room; "replicas": each keeps a
    copy, and holds half of the tokens. A step of the pair takes as long as one GPU's. inside, between: the
    links of a node and of the cluster. Raises ValueError for a GPU that the model does not fit, or an unknown
    pair.
    """

    gpus: tuple[ClusterGPU, ...]
    weight_bytes: float
    token_bytes: float
    joined: tuple[str, ...] = ()
    pair: str = "one copy"
    inside: Link | None = None
    between: Link | None = None

    def __post_init__(self):
        each(a(ClusterGPU), empty=False)("gpus", self.gpus)
        each(TEXT)("joined", self.joined)
        check_fields(self, weight_bytes=NUMBER, token_bytes=NUMBER, pair=TEXT)
        names = [gpu.name for gpu in self.gpus]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"gpus must have a name each: there are two of {', '.join(sorted(twice))}")
        if self.pair not in PAIR_MODES:
            raise ValueError(f"pair must be one of {', '.join(PAIR_MODES)}, not {self.pair!r}")
        for gpu in self.gpus:
            if not 0 < gpu.speed < math.inf:
                raise ValueError(f"speed of {gpu.name} must be greater than 0, not {gpu.speed}")
            if not gpu.memory_bytes > self.weight_bytes:
                raise ValueError(
                    f"{gpu.name} has {gpu.memory_bytes / GB:g} GB: "
                    f"no room beside {self.weight_bytes / GB:g} GB of model"
                )
        for field in ("weight_bytes", "token_bytes"):
            if not 0 < getattr(self, field) < math.inf:
                raise ValueError(f"{field} must be greater than 0, not {getattr(self, field)}")
        if unknown := set(self.joined) - {gpu.name for gpu in self.gpus}:
            raise ValueError(f"joined names GPUs that there are not: {', '.join(sorted(unknown))}")

    @takes(room_bytes=NOT_NEGATIVE)
    def tokens(self, room_bytes: float) -> int:
        """Whole tokens whose keys and values fit into so many bytes. Raises ValueError for negative ones."""
        return int(room_bytes // self.token_bytes)

    @property
    @reference("Q11.1", guard=False)
    def places(self) -> dict[str, Place]:
        """Every place by name: the GPUs in their order, then the joined ones as "A1+A2"."""
        found = {
            gpu.name: Place(
                gpu.name, (gpu.name,), self.tokens(gpu.memory_bytes - self.weight_bytes), gpu.speed
            )
            for gpu in self.gpus
        }
        if self.joined:
            members = [gpu for gpu in self.gpus if gpu.name in self.joined]
            if self.pair == "one copy":
                room = self.tokens(sum(gpu.memory_bytes for gpu in members) - self.weight_bytes)
            else:
                room = len(members) * min(found[gpu.name].room for gpu in members)
            name = "+".join(gpu.name for gpu in members)
            slowest = min(gpu.speed for gpu in members)
            found[name] = Place(name, tuple(gpu.name for gpu in members), room, slowest)
        return found

    @takes(tokens=WHOLE, inside=a(bool))
    def seconds_to_move(self, tokens: int, inside: bool) -> float:
        """Seconds to send the keys and values of `tokens` over a link, at its typical or else peak rate.

        Raises ValueError for negative tokens, and for a cluster that names no links.
        """
        used = self.inside if inside else self.between
        if used is None:
            raise ValueError("this cluster names no links")
        return tokens * self.token_bytes / (used.typical or used.peak)


def case_shape(grouped: bool = False) -> Shape:
    """The case's 3B model: 28 layers of 24 heads of 128; with `grouped`, the 8 KV heads of Llama 3.2 3B."""
    real = shape("llama3.2-3b")
    return real if grouped else replace(real, name="the case's 3B", kv_heads=real.heads)


def case_cluster(grouped: bool = False, pair: str = "one copy") -> Cluster:
    """Question 11: C1 to C3 with a GPU of 8 GB each, C4 with A1 and A2 of 12 GB, joined by NVLink.

    The case gives no speeds: all are equal. Its network is slow: 1 Gb/s Ethernet. Raises ValueError for an
    unknown pair.
    """
    small = [ClusterGPU(name, name, 8 * GB) for name in ("C1", "C2", "C3")]
    large = [ClusterGPU(name, "C4", 12 * GB) for name in ("A1", "A2")]
    return Cluster(
        (*small, *large), CASE_WEIGHTS, kv_bytes_per_token(case_shape(grouped)), ("A1", "A2"), pair,
        link("NVLink 3"), link("Ethernet 1 Gb/s"),
    )  # fmt: skip
