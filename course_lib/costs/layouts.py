"""Ways to lay one decoder-only model out over the GPUs of a cluster, and what each costs and holds.

A layout has `replicas` copies; each copy is cut into `pipeline` stages of whole layers, and each stage into
`tensor` shards of every layer (Shoeybi et al. 2019: two all-reduces a layer forward).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.costs import collectives, memory
from course_lib.costs.collectives import Network
from course_lib.costs.roofline import Device, Work, decode_work, prefill_work
from course_lib.shapes import Shape, kv_bytes_per_token

ACTIVATION = 2  # bytes of a number that travels between GPUs


@dataclass(frozen=True)
class Layout:
    """How many copies, shards of a layer, and stages; `Layout(2, 1, 1)` is two whole copies."""

    replicas: int = 1
    tensor: int = 1
    pipeline: int = 1

    def __post_init__(self):
        if min(self.replicas, self.tensor, self.pipeline) < 1:
            raise ValueError(f"replicas, tensor and pipeline must be at least 1, not {self!r}")

    @property
    def gpus(self) -> int:
        """GPUs in use."""
        return self.replicas * self.tensor * self.pipeline

    def __str__(self) -> str:
        parts = (("replica", self.replicas), ("shard", self.tensor), ("stage", self.pipeline))
        return " × ".join(f"{count} {name}s" for name, count in parts if count > 1) or "one whole copy"


@dataclass(frozen=True)
class Cluster:
    """Equal GPUs in equal nodes: `inside` joins those of one node, `between` the nodes."""

    device: Device
    gpus: int
    gpus_per_node: int
    inside: Network
    between: Network

    def network(self, neighbors: int) -> Network:
        """What joins `neighbors` GPUs that lie side by side."""
        return self.inside if neighbors <= self.gpus_per_node else self.between


def possible(shape: Shape, gpus: int) -> list[Layout]:
    """Layouts that use `gpus` GPUs: shards hold whole heads, stages hold whole layers."""
    divisors = [n for n in range(1, gpus + 1) if gpus % n == 0]
    return [
        Layout(gpus // (tensor * pipeline), tensor, pipeline)
        for tensor in divisors
        for pipeline in divisors
        if gpus % (tensor * pipeline) == 0 and shape.heads % tensor == 0 and pipeline <= shape.layers
    ]


def largest_stage(shape: Shape, layout: Layout) -> float:
    """Share of the layers on the fullest stage: 1/stages when they divide evenly."""
    return math.ceil(shape.layers / layout.pipeline) / shape.layers


def stage_seconds(shape: Shape, layout: Layout, cluster: Cluster, work: Work, tokens: int) -> float:
    """Time that `tokens` tokens with this `work` spend in the fullest stage, its messages included.

    The work is the whole model's. Messages: two all-reduces of the activations a layer among the shards,
    and one send to the next stage. Nothing overlaps with them.
    """
    share = largest_stage(shape, layout)
    message = tokens * shape.width * ACTIVATION
    shards = cluster.network(layout.tensor)
    stages = cluster.network(layout.tensor * layout.pipeline)
    computing = cluster.device.seconds(work / (layout.tensor / share))
    reducing = collectives.seconds("all_reduce", message, layout.tensor, shards)
    sending = collectives.seconds("send", message, layout.pipeline, stages)
    return computing + 2 * shape.layers * share * reducing + sending


def token_seconds(shape: Shape, layout: Layout, cluster: Cluster, context: int) -> float:
    """Time of a token for one user alone, who passes every stage in turn."""
    stage = stage_seconds(shape, layout, cluster, decode_work(shape, [context]), 1)
    return layout.pipeline * stage


def users_that_fit(shape: Shape, layout: Layout, cluster: Cluster, tokens: int) -> int:
    """Users with `tokens` tokens of KV cache each that all replicas hold; 0 where the weights do not fit."""
    share = largest_stage(shape, layout) / layout.tensor
    room = cluster.device.memory_bytes - memory.weight_bytes(shape) * share
    return layout.replicas * max(0, int(room // (kv_bytes_per_token(shape) * tokens * share)))


def largest_weights(layout: Layout, cluster: Cluster) -> float:
    """Bytes of the largest model of which a copy fits, with nothing left for a cache."""
    return cluster.device.memory_bytes * layout.tensor * layout.pipeline


def requests_per_second(
    shape: Shape, layout: Layout, cluster: Cluster, prompt: int, answer: int, users: int
) -> float:
    """Requests that a cluster finishes a second, each of `prompt` and `answer` tokens, `users` in flight.

    A replica's users form as many groups as there are stages, so that stages work at the same time; a
    stage reads its weights once a group and round. Prompts are computed one at a time, between rounds.
    Returns 0 where `users` is 0.
    """
    if users < 1:
        return 0.0
    own = math.ceil(users / layout.replicas)  # users of one replica
    group = math.ceil(own / layout.pipeline)
    decoding = decode_work(shape, [prompt + answer // 2] * group)
    round_seconds = layout.pipeline * stage_seconds(shape, layout, cluster, decoding, group)
    prefill = stage_seconds(shape, layout, cluster, prefill_work(shape, [prompt]), prompt)
    return users / (answer * round_seconds + own * prefill)


def pipeline_seconds(stage_times: Sequence[float], groups: int, rounds: int = 1) -> float:
    """Time until `groups` groups have passed all stages `rounds` times, each again when its own is back.

    With one round and equal stages of time t: (M + S - 1)·t (Huang et al. 2019, section 2.3). Exact for
    the order first come, first served, as every later round repeats the slowest of: one group's way through
    all stages, and all groups through the slowest stage. Raises ValueError without stages, groups or rounds.
    """
    if not stage_times or groups < 1 or rounds < 1:
        raise ValueError("a pipeline needs at least one stage, group and round")
    through, slowest = sum(stage_times), max(stage_times)
    return through + (groups - 1) * slowest + (rounds - 1) * max(through, groups * slowest)


def pipeline_idle(stage_times: Sequence[float], groups: int, rounds: int = 1) -> float:
    """Share of the stages' time in which they wait: (S - 1)/(M + S - 1) for equal stages and one round."""
    busy = groups * rounds * sum(stage_times)
    return 1 - busy / (len(stage_times) * pipeline_seconds(stage_times, groups, rounds))
