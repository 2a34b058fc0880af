"""Clusters, requests and schedulers that the engine's tests share, and a run whose invariants are checked."""

import numpy as np
from hypothesis import strategies as st

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling import schedulers as s
from course_lib.serving.scheduling.cluster import Cluster, ClusterGPU
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.planner import Planner
from course_lib.serving.scheduling.unknown_length import Feedback, GrowAndPreempt, QuantileReservation

SECOND = StepCost(1.0)
# Rooms in tokens: c 10, a and b 20 each, together 50.
SMALL = Cluster(
    (ClusterGPU("c", "1", 20.0), ClusterGPU("a", "2", 30.0), ClusterGPU("b", "2", 30.0)),
    10.0,
    1.0,
    ("a", "b"),
)
ONE = Cluster((ClusterGPU("g", "1", 8e9),), 6e9, 344_064)
MOMENTS = ("queued", "started", "first_token", "finished")
requests = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 24), st.integers(1, 25)), min_size=1, max_size=14
).map(lambda rows: [np.array(column) for column in zip(*sorted(rows, key=lambda row: row[0]), strict=True)])
costs = st.builds(
    StepCost, st.sampled_from([1.0, 0.25]), st.sampled_from([0.0, 0.125]), st.sampled_from([0.0, 2.0**-8]),
    st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.125]),
)  # fmt: skip
KNOWN = {
    "fixed": lambda: s.fixed_classes,
    "spill": lambda: s.spill,
    "shortest": lambda: s.shortest_first,
    "longest": lambda: s.longest_first,
    "two choices": s.PowerOfTwo,
    "planner": lambda: Planner(tries=4),
}
UNKNOWN = {
    "quantile": lambda: QuantileReservation(0.5, first=4),
    "grow": lambda: GrowAndPreempt(2),
    "feedback": lambda: Feedback((2, 4)),
}


def oldest_on(place):
    return lambda view: [[row["id"], place] for row in view["queue"]]


def run(arrival, inputs, outputs, scheduler, cluster=SMALL, cost=SECOND, **options):
    result = simulate_cluster(Trace(arrival, inputs, outputs), scheduler, cluster, cost, **options)
    result.check()
    return result
