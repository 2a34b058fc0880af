"""A pipeline's schedule, played: when each operation starts, how long stages idle, and what they keep."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from course_lib.arguments import a, count, each, not_negative
from course_lib.distributed.schedules import Operation
from course_lib.notebook.reference import reference

Orders = Sequence[Sequence[Operation]]


class Simulation(NamedTuple):
    """Seconds at which operations start, stage by stage and place by place as in the orders; the share of all
    stages' time in which they idle; the most microbatches that each stage keeps at one time."""

    starts: list[list[float]]
    idle: float
    kept: list[int]


@reference("Lab5.5")
def simulate(
    orders: Orders,
    forward: float | Sequence[float],
    backward: float | Sequence[float],
    message: float,
) -> Simulation:
    """Play `orders`, a list a stage of ("F" or "B", m): each operation starts as early as it can.

    forward and backward: seconds, of all stages or one each. F needs what the stage before it found, and B
    what the one behind it found, `message` seconds after that operation has ended; at the last stage B needs
    its own F. A message holds up neither stages nor other messages. A stage keeps a microbatch from the
    start of its F to the end of its B. Raises ValueError for operations that wait for each other, or for one
    that is in no order, for one that comes twice, and for numbers that make no sense.
    """
    check(orders)
    forward, backward = stage_seconds(orders, forward=forward), stage_seconds(orders, backward=backward)
    not_negative(message=message)
    starts = _played(orders, forward, backward, message)
    end = finish(orders, starts, forward, backward)
    work = sum(_seconds(kind, forward[s], backward[s]) for s, order in enumerate(orders) for kind, _ in order)
    idle = 1 - work / (len(orders) * end) if end else 0.0
    return Simulation(starts, max(idle, 0.0), [most_kept(order) for order in orders])


def finish(
    orders: Orders,
    starts: Sequence[Sequence[float]],
    forward: float | Sequence[float],
    backward: float | Sequence[float],
) -> float:
    """Seconds until the last operation has ended, of a schedule that was played."""
    forward, backward = stage_seconds(orders, forward=forward), stage_seconds(orders, backward=backward)
    return max(
        start + _seconds(kind, forward[stage], backward[stage])
        for stage, order in enumerate(orders)
        for (kind, _), start in zip(order, starts[stage], strict=True)
    )


def _seconds(kind: str, forward: float, backward: float) -> float:
    return forward if kind == "F" else backward


@reference("Lab5.5")
def most_kept(order: Sequence[Operation]) -> int:
    """Most microbatches whose forward pass has begun and whose backward pass has not ended."""
    steps = [1 if kind == "F" else -1 for kind, _ in order]
    return max(accumulate(steps, initial=0))


@reference("Lab5.5")
def _played(orders: Orders, forward: list[float], backward: list[float], message: float) -> list[list[float]]:
    """When each operation starts, place by place as in the orders."""
    starts: list[list[float]] = [[] for _ in orders]
    ends: dict[tuple[str, int, int], float] = {}
    free, last, moved = [0.0] * len(orders), len(orders) - 1, True
    while moved:
        moved = False
        for stage, order in enumerate(orders):
            for kind, m in order[len(starts[stage]) :]:
                needed = _needed(kind, stage, m, last)
                if needed is not None and needed not in ends:
                    break
                arrived = 0.0 if needed is None else ends[needed] + message * (needed[1] != stage)
                starts[stage].append(max(free[stage], arrived))
                free[stage] = starts[stage][-1] + _seconds(kind, forward[stage], backward[stage])
                ends[kind, stage, m] = free[stage]
                moved = True
    stuck = [stage for stage, order in enumerate(orders) if len(starts[stage]) < len(order)]
    if stuck:
        raise ValueError(f"the schedule never ends: {_waiting(orders, stuck, starts)}")
    return starts


@reference("Lab5.5")
def _needed(kind: str, stage: int, m: int, last: int) -> tuple[str, int, int] | None:
    """The operation whose result this one needs, or None."""
    if kind == "F":
        return ("F", stage - 1, m) if stage else None
    return ("B", stage + 1, m) if stage < last else ("F", stage, m)


def _waiting(orders: Orders, stuck: list[int], starts: list[list[float]]) -> str:
    told = []
    for stage in stuck:
        kind, m = orders[stage][len(starts[stage])]
        other, at, _ = _needed(kind, stage, m, len(orders) - 1)
        told.append(f"{kind}{m} of stage {stage} waits for {other}{m} of stage {at}")
    return ", ".join(told)


def check(orders: Orders) -> None:
    """Raise ValueError unless orders are a list a stage of ("F" or "B", microbatch), none of them twice."""
    each(each(a(tuple, list)), empty=False)("orders", orders)
    if not any(len(order) for order in orders):
        raise ValueError("orders must hold at least one operation")
    for stage, order in enumerate(orders):
        seen = set()
        for operation in order:
            if len(operation) != 2 or operation[0] not in ("F", "B"):
                raise ValueError(f'an operation is ("F" or "B", microbatch), not {operation!r}')
            count(0, microbatch=operation[1])
            if tuple(operation) in seen:
                raise ValueError(f"{operation[0]}{operation[1]} comes twice at stage {stage}")
            seen.add(tuple(operation))


def stage_seconds(orders: Orders, **given: float | Sequence[float]) -> list[float]:
    """Seconds of each stage, from one number for all of them or one each; the name is for what is wrong."""
    ((name, seconds),) = given.items()
    if not hasattr(seconds, "__len__"):
        not_negative(**{name: seconds})
        return [float(seconds)] * len(orders)
    if len(seconds) != len(orders):
        raise ValueError(f"{name} must be one number, or one for each of {len(orders)} stages")
    for value in seconds:
        not_negative(**{name: value})
    return [float(value) for value in seconds]
