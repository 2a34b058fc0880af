"""What `costs` expects of a job that ranks run as devices of a given speed, for comparison with a Run."""

from collections.abc import Mapping
from dataclasses import dataclass

from course_lib.costs import collectives, layouts
from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Layout
from course_lib.parallelism.job import Job

NUMBER = 4  # bytes of a float32
TOKEN = 8  # bytes of a token's number on its way back to the first stage


@dataclass(frozen=True)
class Prediction:
    """Seconds from start to end, all users' tokens per second, the ranks' idle share, bytes they send."""

    seconds: float
    tokens_per_second: float
    idle: float
    sent_bytes: float


def predict(job: Job, layout: Layout, networks: Mapping[int, Network]) -> Prediction:
    """Expected of devices on which a layer takes job.layer_seconds, and job.user_seconds a user more.

    `networks` gives latency and bandwidth for as many ranks as talk at once. Left out: what this machine
    itself needs to compute, which `layer_seconds` should exceed. Raises ValueError as Job.check does, and
    without layer_seconds.
    """
    job.check(layout)
    if job.layer_seconds <= 0:
        raise ValueError("a prediction needs the time a layer takes: set layer_seconds")
    seconds, sent, busy = 0.0, 0.0, 0.0
    for replica in range(layout.replicas):
        groups = [len(users) for users in job.users_of(layout, replica)]
        # All groups are taken for as large as the largest.
        stages = [_stage(job, layout, networks, stage, groups[0]) for stage in range(layout.pipeline)]
        seconds = max(seconds, layouts.pipeline_seconds(stages, len(groups), job.answer))
        for users in groups:
            layer = job.layer_seconds + job.user_seconds * users
            busy += job.answer * job.layers * layer  # over all shards: each computes its part as long
            sent += _traffic(job, layout, users)
    return Prediction(seconds, job.users * job.answer / seconds, 1 - busy / (layout.gpus * seconds), sent)


def _stage(job: Job, layout: Layout, networks: Mapping[int, Network], stage: int, users: int) -> float:
    """Seconds a group spends at a stage, its messages included."""
    layers, vector = len(job.layers_of(layout, stage)), users * job.width * NUMBER
    seconds = layers * (job.layer_seconds + job.user_seconds * users) / layout.tensor
    if layout.tensor > 1:
        network = networks[layout.tensor]
        seconds += 2 * layers * collectives.seconds("all_reduce", vector, layout.tensor, network)
        if stage == layout.pipeline - 1:
            logits = users * job.vocabulary * NUMBER
            seconds += collectives.seconds("all_gather", logits, layout.tensor, network)
    if layout.pipeline > 1:
        seconds += collectives.seconds("send", vector, 2, networks[2])
    return seconds


def _traffic(job: Job, layout: Layout, users: int) -> float:
    """Bytes that one group costs over the whole job: sums, logits, activations and tokens."""
    tokens = job.prompt + job.answer - 1  # that pass through the layers
    vectors = users * tokens * job.width * NUMBER
    logits = users * job.answer * job.vocabulary * NUMBER
    sums = 2 * job.layers * collectives.bytes_sent("all_reduce", vectors, layout.tensor)
    joined = collectives.bytes_sent("all_gather", logits, layout.tensor)
    passed = (layout.pipeline - 1) * vectors
    returned = users * (job.answer - 1) * TOKEN if layout.pipeline > 1 else 0
    return layout.tensor * (sums + joined + passed + returned)
