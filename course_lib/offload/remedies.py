"""What a token waits for when the cache lies in host memory, and the cheapest remedies that are enough."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations

from course_lib.arguments import (
    COUNT,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TEXT,
    WHOLE,
    a,
    between,
    check_fields,
    each,
    takes,
)
from course_lib.costs.collectives import Network
from course_lib.hardware import GPU, Link
from course_lib.notebook.reference import reference
from course_lib.offload.link import transfer_seconds
from course_lib.offload.pipeline import Schedule, schedule
from course_lib.shapes import Shape, kv_bytes_per_token, matrix_parameters

# Two channels of DDR5-5600, 8 bytes wide each (JEDEC JESD79-5): how fast a desktop reads its own memory.
HOST_MEMORY_BANDWIDTH = 2 * 8 * 5600e6
# An INT8 or INT4 row of 128 numbers with a scale of 4 bytes, for 256 bytes of FP16.
CODES = {"INT8": (128 + 4) / 256, "INT4": (64 + 4) / 256}


@dataclass(frozen=True)
class Case:
    """One conversation: `tokens` cached at `kv_bytes` each, of which `room` bytes stay on the card.

    The rest crosses `link` once per token, layer by layer, through `buffers` buffers. The card reads
    `weight_bytes` and the cache at `memory_bandwidth` bytes/s, an equal part in each layer. Raises ValueError
    for negative numbers, and no layers, buffers or bandwidth.
    """

    tokens: int
    kv_bytes: float
    layers: int
    weight_bytes: float
    memory_bandwidth: float
    link: Network
    room: float = 0
    buffers: int = 1

    def __post_init__(self):
        check_fields(
            self, tokens=WHOLE, kv_bytes=NOT_NEGATIVE, layers=between(1, 10**6), weight_bytes=NOT_NEGATIVE,
            memory_bandwidth=POSITIVE, link=a(Network), room=NOT_NEGATIVE, buffers=COUNT,
        )  # fmt: skip

    @property
    def cold_bytes(self) -> float:
        """Bytes that cross the link for each token."""
        return max(0.0, self.tokens * self.kv_bytes - self.room)

    @property
    def compute_seconds(self) -> float:
        """Time of a token if nothing had to cross: weights and cache are read once."""
        return (self.weight_bytes + self.tokens * self.kv_bytes) / self.memory_bandwidth

    def schedule(self) -> Schedule:
        """When each layer is copied and computed."""
        transfer = transfer_seconds(self.cold_bytes / self.layers, self.link)
        equal = [self.compute_seconds / self.layers] * self.layers
        return schedule([transfer] * self.layers, equal, self.buffers)

    @property
    def token_seconds(self) -> float:
        """Time of a token, transfers and all."""
        return self.schedule().seconds

    def with_change(self, remedy: "Remedy") -> "Case":
        """The case that a remedy makes of this one."""
        return replace(self, **remedy.change)


@takes(card=a(GPU), link=a(Link), model=a(Shape))
def case_on(card: GPU, link: Link, model: Shape, weight_bytes: float, tokens: int) -> Case:
    """All of the cache of `tokens` tokens in FP16 in host memory, one buffer; rates by the data sheets.

    Raises ValueError as `Case`.
    """
    return Case(
        tokens, kv_bytes_per_token(model), model.layers, weight_bytes, card.memory_bandwidth, Network.of(link)
    )


@dataclass(frozen=True)
class Remedy:
    """Replaces fields of a Case; two that change the same field exclude each other. `loses` says its cost.

    Raises ValueError for a negative price.
    """

    name: str
    price: float
    change: Mapping[str, object]
    loses: str

    def __post_init__(self):
        check_fields(self, name=TEXT, price=NOT_NEGATIVE, change=a(Mapping), loses=TEXT)


@takes(shape=a(Shape), gpu=a(GPU))
def recompute_link(shape: Shape, gpu: GPU) -> Network:
    """Computing the cache again, as a link: bytes of keys and values that the card makes in a second.

    A token's keys and values of all layers take 2 FLOPs per weight of the layers, at the card's FP16 peak.
    """
    flops = 2 * (matrix_parameters(shape) - shape.vocabulary * shape.width)
    return Network(0.0, kv_bytes_per_token(shape) * gpu.rate("fp16") / flops)


@takes(case=a(Case), shape=a(Shape), gpu=a(GPU), room=NOT_NEGATIVE, users=COUNT, window=COUNT)
def remedies(
    case: Case, shape: Shape, gpu: GPU, room: float, users: int = 1, window: int = 2048
) -> list[Remedy]:
    """What can be done about a case, cheapest first; prices are the course's judgment.

    `room` bytes of the card are free for caches. A conversation that stays on the card shares it with all
    `users`; one that is swapped in for its turn has it alone, and waits once a turn. Raises ValueError
    for a negative room, and no users or window.
    """
    codes = {name: case.kv_bytes * share for name, share in CODES.items()}
    # Only queries and mixed values cross, once each way a layer; the processor reads keys and values itself.
    beside = Network(2 * case.link.latency, HOST_MEMORY_BANDWIDTH)
    swap = 1e3 * min(room, case.tokens * case.kv_bytes) / case.link.bandwidth
    shared = "the card's free memory" + f", among {users} users" * (users > 1)
    return [
        Remedy("prefetch", 1, {"buffers": 2}, "a second buffer on the card"),
        Remedy("keep what fits", 1, {"room": room / users}, shared),
        Remedy("swap once a turn", 2, {"room": room}, f"{swap:.0f} ms at the start of each turn"),
        Remedy(
            "recompute", 2, {"link": recompute_link(shape, gpu), "buffers": 1, "kv_bytes": case.kv_bytes},
            "the card's arithmetic",
        ),
        Remedy("attention on the host", 3, {"link": beside, "buffers": 1}, "the processor's time"),
        Remedy("INT8 cache", 4, {"kv_bytes": codes["INT8"]}, "rounding to 1/127 of a row's largest"),
        Remedy("INT4 cache", 6, {"kv_bytes": codes["INT4"]}, "rounding to 1/7 of a row's largest"),
        Remedy(f"window of {window:,}", 7, {"tokens": min(case.tokens, window)}, "what was said before"),
        Remedy("8 KV heads (GQA)", 9, {"kv_bytes": case.kv_bytes * 8 / shape.kv_heads}, "another model"),
    ]  # fmt: skip


@reference("Q10.5")
@takes(budget=NUMBER, case=a(Case), choices=each(a(Remedy)))
def cheapest_fix(budget: float, case: Case, choices: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """The remedies of the least total price with which a token takes at most `budget` seconds.

    Of equal prices the fastest; in the order of `choices`; none where none is needed. Raises ValueError when
    even all that go together are not enough.
    """
    fits = []
    for chosen, fixed in combined(case, choices):
        seconds = fixed.token_seconds
        if seconds <= budget:
            fits.append((sum(remedy.price for remedy in chosen), seconds, chosen))
    if not fits:
        raise ValueError(f"no set of remedies brings a token to the budget of {1e3 * budget:g} ms")
    return min(fits, key=lambda fit: fit[:2])[2]


@reference("Q10.5")
def combined(case: Case, choices: Sequence[Remedy]) -> Iterator[tuple[tuple[Remedy, ...], Case]]:
    """Every set of remedies that go together, none among them, and the case they make."""
    for size in range(len(choices) + 1):
        for chosen in combinations(choices, size):
            fields = [field for remedy in chosen for field in remedy.change]
            if len(fields) == len(set(fields)):
                changes = {field: value for remedy in chosen for field, value in remedy.change.items()}
                yield chosen, replace(case, **changes)


def plain(thing: Case | Remedy) -> dict:
    """A case or a remedy as a dict of numbers, strings and dicts, as the task of the notebook takes them."""
    fields = asdict(thing)
    if isinstance(thing, Remedy):
        fields["change"] = {
            name: asdict(value) if isinstance(value, Network) else value
            for name, value in thing.change.items()
        }
    return fields
