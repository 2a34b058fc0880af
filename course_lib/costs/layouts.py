"""Ways to lay one decoder-only model out over the GPUs of a cluster, and what each costs and holds.

A layout has `replicas` copies; each copy is cut into `pipeline` stages of whole layers, and each stage into
`tensor` shards of every layer (Shoeybi et al. 2019: two all-reduces a layer forward).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.arguments import NUMBER, count, instance, not_negative, real, row, takes
from course_lib.costs import collectives, memory
from course_lib.costs.collectives import Network
from course_lib.costs.roofline import Device, Work, decode_work, prefill_work
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape, kv_bytes

ACTIVATION = 2  # bytes of a number that travels between GPUs


@dataclass(frozen=True)
class Layout:
    """How many copies, shards of a layer, and stages; `Layout(2, 1, 1)` is two whole copies.

    Raises ValueError for a number below 1.
    """

    replicas: int = 1
    tensor: int = 1
    pipeline: int = 1

    def __post_init__(self):
        for value in (self.replicas, self.tensor, self.pipeline):
            if not real("replicas, tensor and pipeline", value) >= 1:
                raise ValueError(f"replicas, tensor and pipeline must be at least 1, not {self!r}")
        count(replicas=self.replicas, tensor=self.tensor, pipeline=self.pipeline)

    @property
    def gpus(self) -> int:
        """GPUs in use."""
        return self.replicas * self.tensor * self.pipeline

    def __str__(self) -> str:
        parts = (("replica", self.replicas), ("shard", self.tensor), ("stage", self.pipeline))
        return " × ".join(f"{count} {name}s" for name, count in parts if count > 1) or "one whole copy"


@dataclass(frozen=True)
class Cluster:
    """Equal GPUs in equal nodes: `inside` joins those of one node, `between` the nodes.

    Raises ValueError for no GPUs, and TypeError for what is no device or network.
    """

    device: Device
    gpus: int
    gpus_per_node: int
    inside: Network
    between: Network

    def __post_init__(self):
        instance("device", self.device, Device)
        instance("inside", self.inside, Network)
        instance("between", self.between, Network)
        count(gpus=self.gpus, gpus_per_node=self.gpus_per_node)

    def network(self, neighbors: int) -> Network:
        """What joins `neighbors` GPUs that lie side by side. Raises ValueError for none."""
        count(neighbors=neighbors)
        return self.inside if neighbors <= self.gpus_per_node else self.between


def possible(shape: Shape, gpus: int) -> list[Layout]:
    """Layouts that use `gpus` GPUs: shards hold whole heads, stages hold whole layers.

    Raises ValueError for no GPUs, and for more than 100,000.
    """
    instance("shape", shape, Shape)
    count(1, 100_000, gpus=gpus)
    divisors = [n for n in range(1, gpus + 1) if gpus % n == 0]
    return [
        Layout(gpus // (tensor * pipeline), tensor, pipeline)
        for tensor in divisors
        for pipeline in divisors
        if gpus % (tensor * pipeline) == 0 and shape.heads % tensor == 0 and pipeline <= shape.layers
    ]


def check(shape: Shape, layout: Layout, cluster: Cluster | None = None) -> None:
    """Raise ValueError for a layout that cannot be: stages without a layer, shards with a part of a head.

    Or of more GPUs than the cluster has.
    """
    instance("shape", shape, Shape)
    instance("layout", layout, Layout)
    if layout.pipeline > shape.layers:
        raise ValueError(
            f"pipeline must be at most {shape.layers}, the layers of {shape.name}, not {layout.pipeline}"
        )
    if shape.heads % layout.tensor:
        raise ValueError(f"tensor must divide the {shape.heads} heads of {shape.name}, not {layout.tensor}")
    if cluster is not None:
        instance("cluster", cluster, Cluster)
        if layout.gpus > cluster.gpus:
            raise ValueError(f"the layout takes {layout.gpus} GPUs, the cluster has {cluster.gpus}")


def largest_stage(shape: Shape, layout: Layout) -> float:
    """Share of the layers on the fullest stage: 1/stages when they divide evenly.

    Raises ValueError as `check`.
    """
    check(shape, layout)
    return math.ceil(shape.layers / layout.pipeline) / shape.layers


def stage_seconds(shape: Shape, layout: Layout, cluster: Cluster, work: Work, tokens: int) -> float:
    """Time that `tokens` tokens with this `work` spend in the fullest stage, its messages included.

    The work is the whole model's. Messages: two all-reduces of the activations per layer among the shards,
    and one send to the next stage. Nothing overlaps with them. Raises ValueError as
    `check`, and for no tokens.
    """
    instance("cluster", cluster, Cluster)
    check(shape, layout, cluster)
    instance("work", work, Work)
    count(tokens=tokens)
    share = largest_stage(shape, layout)
    message = tokens * shape.width * ACTIVATION
    shards = cluster.network(layout.tensor)
    stages = cluster.network(layout.tensor * layout.pipeline)
    computing = cluster.device.seconds(work / (layout.tensor / share))
    reducing = collectives.seconds("all_reduce", message, layout.tensor, shards)
    sending = collectives.seconds("send", message, layout.pipeline, stages)
    return computing + 2 * shape.layers * share * reducing + sending


def token_seconds(shape: Shape, layout: Layout, cluster: Cluster, context: int) -> float:
    """Time of a token for one user alone, who passes every stage in turn.

    Raises ValueError as `check`, and for a context below 1.
    """
    instance("cluster", cluster, Cluster)
    check(shape, layout, cluster)
    stage = stage_seconds(shape, layout, cluster, decode_work(shape, [context]), 1)
    return layout.pipeline * stage


def users_that_fit(shape: Shape, layout: Layout, cluster: Cluster, tokens: int) -> int:
    """Users with `tokens` tokens of KV cache each that all replicas hold; 0 where the weights do not fit.

    Shards hold whole KV heads: where there are more shards than these, several hold the same one; a latent
    is held by all. Raises ValueError as `check`, and for no tokens.
    """
    instance("cluster", cluster, Cluster)
    check(shape, layout, cluster)
    count(tokens=tokens)
    layers = largest_stage(shape, layout)
    room = cluster.device.memory_bytes - memory.weight_bytes(shape) * layers / layout.tensor
    heads = 1 if shape.latent else math.ceil(shape.kv_heads / layout.tensor) / shape.kv_heads
    return layout.replicas * max(0, int(room // (kv_bytes(shape, tokens) * layers * heads)))


def largest_weights(layout: Layout, cluster: Cluster) -> float:
    """Bytes of the largest model of which a copy fits, with nothing left for a cache.

    Raises ValueError for a layout of more GPUs than the cluster has.
    """
    instance("layout", layout, Layout)
    instance("cluster", cluster, Cluster)
    if layout.gpus > cluster.gpus:
        raise ValueError(f"the layout takes {layout.gpus} GPUs, the cluster has {cluster.gpus}")
    return cluster.device.memory_bytes * layout.tensor * layout.pipeline


def requests_per_second(
    shape: Shape, layout: Layout, cluster: Cluster, prompt: int, answer: int, users: int
) -> float:
    """Requests that a cluster finishes a second, each of `prompt` and `answer` tokens, `users` in flight.

    A replica's users form as many groups as there are stages, so that stages work at the same time; a
    stage reads its weights once per group and round. Prompts are computed one at a time, between rounds.
    Returns 0 where `users` is 0. Raises ValueError as `check`, for negative users, and for an empty prompt or
    answer.
    """
    instance("cluster", cluster, Cluster)
    check(shape, layout, cluster)
    count(prompt=prompt, answer=answer)
    count(0, 10**9, users=users)
    if users < 1:
        return 0.0
    own = math.ceil(users / layout.replicas)  # users of one replica
    group = math.ceil(own / layout.pipeline)
    decoding = decode_work(shape, [prompt + answer // 2] * group)
    round_seconds = layout.pipeline * stage_seconds(shape, layout, cluster, decoding, group)
    prefill = stage_seconds(shape, layout, cluster, prefill_work(shape, [prompt]), prompt)
    return users / (answer * round_seconds + own * prefill)


@reference("Q6.2")
@takes(groups=NUMBER, rounds=NUMBER)
def pipeline_seconds(stage_times: Sequence[float], groups: int, rounds: int = 1) -> float:
    """Time until `groups` groups have passed all stages `rounds` times, each again when its own is back.

    With one round and equal stages of time t: (M + S - 1)·t (Huang et al. 2019, section 2.3). Exact for
    the order first come, first served, as every later round repeats the slowest of: one group's way through
    all stages, and all groups through the slowest stage. Raises ValueError without stages, groups or rounds.
    """
    stage_times = row("stage_times", stage_times, empty=True).tolist()
    if not stage_times or not real("groups", groups) >= 1 or not real("rounds", rounds) >= 1:
        raise ValueError(
            "a pipeline needs at least one stage, group and round: stage_times, groups, rounds must not be 0"
        )
    not_negative(**{f"stage_times[{i}]": time for i, time in enumerate(stage_times)})
    count(groups=groups, rounds=rounds)
    through, slowest = sum(stage_times), max(stage_times)
    return through + (groups - 1) * slowest + (rounds - 1) * max(through, groups * slowest)


@reference("Q6.2")
def pipeline_idle(stage_times: Sequence[float], groups: int, rounds: int = 1) -> float:
    """Share of the stages' time in which they wait: (S - 1)/(M + S - 1) for equal stages and one round.

    Raises ValueError as `pipeline_seconds`, and where no stage takes any time.
    """
    whole = pipeline_seconds(stage_times, groups, rounds)
    if not whole:
        raise ValueError("stage_times must hold a time above 0: no stage takes any")
    busy = groups * rounds * sum(stage_times)
    return 1 - busy / (len(stage_times) * whole)


def interleaved_idle(stages: int, groups: int, chunks: int = 1) -> float:
    """Share of the time in which GPUs wait when each holds `chunks` pieces of the model that lie apart.

    (S - 1)/(V·M + S - 1): the bubble of equal stages, of which every piece is V times as short, S - 1 pieces
    long (Narayanan et al. 2021, section 2.2). Raises ValueError for a number below 1, and where M groups are
    no multiple of the stages, which the schedule needs with more than one piece.
    """
    count(stages=stages, groups=groups, chunks=chunks)
    if chunks > 1 and groups % stages:
        raise ValueError(f"groups must be a multiple of {stages} stages, not {groups}")
    return (stages - 1) / (chunks * groups + stages - 1)
