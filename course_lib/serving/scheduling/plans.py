"""A schedule made beforehand, as plain data: where each prompt runs, and from when on."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.regret import COST, Instance, best_mean_latency, serve
from course_lib.serving.scheduling.schedulers import fixed_classes

Plan = Sequence[Sequence]  # [place, start] of each prompt


def as_prompts(given: Instance) -> list[dict]:
    """The requests as dicts: arrived and seconds (of service, anywhere), tokens of room."""
    trace = given.trace
    return [
        {"arrived": float(arrived), "seconds": float(output * COST.s0), "tokens": int(inputs + output)}
        for arrived, inputs, output in zip(
            trace.arrival, trace.input_tokens, trace.output_tokens, strict=True
        )
    ]


def as_places(cluster: Cluster) -> dict[str, dict]:
    """The places as dicts: gpus, and room in tokens."""
    return {name: {"gpus": list(place.gpus), "room": place.room} for name, place in cluster.places.items()}


def what_is_wrong(plan: Plan, prompts: Sequence[Mapping], places: Mapping[str, Mapping]) -> str:
    """Why the plan cannot be carried out, in words; "" when it can: one prompt at a time on each GPU."""
    if not isinstance(plan, (list, tuple)) or len(plan) != len(prompts):
        return f"the plan must be a list of {len(prompts)} entries [place, start]"
    spans: dict[str, list[tuple[float, float, int]]] = {}
    for number, (entry, prompt) in enumerate(zip(plan, prompts, strict=True)):
        if not isinstance(entry, (list, tuple)) or len(entry) != 2:
            return f"entry {number} must be [place, start], not {entry!r}"
        name, start = entry
        if not isinstance(name, str) or name not in places:
            return f"prompt {number} goes to {name!r}: there is no such place"
        if not isinstance(start, (int, float, np.number)) or not np.isfinite(start):
            return f"prompt {number} starts at {start!r}: that is not a time"
        if prompt["tokens"] > places[name]["room"]:
            room = places[name]["room"]
            return f"prompt {number} has {prompt['tokens']:,} tokens; {name} has room for {room:,}"
        if start < prompt["arrived"] - 1e-9:
            return f"prompt {number} starts at {start:g}, before it arrives at {prompt['arrived']:g}"
        for gpu in places[name]["gpus"]:
            spans.setdefault(gpu, []).append((float(start), float(start) + prompt["seconds"], number))
    for gpu, taken in spans.items():
        taken.sort()
        for (_, end, before), (start, _, after) in pairwise(taken):
            if start < end - 1e-9:
                return f"{gpu} has prompts {before} and {after} at once, from {start:g} to {end:g}"
    return ""


def mean_latency(plan: Plan, prompts: Sequence[Mapping]) -> float:
    """Mean seconds from arrival to the end."""
    return float(
        np.mean([start + p["seconds"] - p["arrived"] for (_, start), p in zip(plan, prompts, strict=True)])
    )


def bounds(instances: Sequence[Instance], cluster: Cluster, known: bool) -> tuple[float, float]:
    """Mean latency of fixed classes, and of the optimum, over all instances together."""
    base = [serve(given, fixed_classes, cluster, known, limit=None).latency.mean() for given in instances]
    return float(np.mean(base)), float(np.mean([best_mean_latency(given, cluster) for given in instances]))
