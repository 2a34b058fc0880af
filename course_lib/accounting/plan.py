"""Which layers to checkpoint so that a training step fits a budget with the fewest FLOPs spent twice."""

from collections.abc import Collection, Sequence

from course_lib.arguments import count, positive, row, same_length
from course_lib.notebook.reference import reference


@reference("Lab6.5")
def peak(inputs: Sequence[float], layers: Sequence[float], checkpointed: Collection[int]) -> float:
    """Most bytes kept at one time, where layer i keeps layers[i] bytes, or inputs[i] of them, checkpointed.

    Backward, layer i is there in full, computed again if it must, while those before it keep what they keep;
    those behind it are done. Raises ValueError for an input that is larger than all its layer keeps, and for
    a layer that is not there.
    """
    _check(inputs, layers)
    for number in checkpointed:
        count(0, len(layers) - 1, checkpointed=number)
    before = most = 0.0
    for i, (own, all_of_it) in enumerate(zip(inputs, layers, strict=True)):
        most = max(most, before + all_of_it)
        before += own if i in checkpointed else all_of_it
    return most


@reference("Lab6.5")
def checkpoint_plan(
    inputs: Sequence[float], layers: Sequence[float], flops: Sequence[float], budget: float
) -> list[int]:
    """Numbers of the layers to checkpoint, for the fewest FLOPs computed again with a `peak` within `budget`.

    Exact for layers of any sizes; flops[i] are of layer i's forward pass. Of two plans with equal FLOPs the
    one that keeps less. Raises ValueError where no plan fits, and as `peak`.
    """
    _check(inputs, layers)
    row("flops", flops, least=0)
    same_length(layers=layers, flops=flops)
    positive(budget=budget)
    best: list[tuple[float, float, list[int]]] = [(0.0, 0.0, [])]  # FLOPs again, bytes kept so far, plan
    for i, (own, all_of_it, again) in enumerate(zip(inputs, layers, flops, strict=True)):
        fitting = [state for state in best if state[1] + all_of_it <= budget]
        if not fitting:
            least = peak(inputs, layers, range(len(layers)))
            raise ValueError(f"no plan fits budget {budget:,.0f}: the least is {least:,.0f} bytes")
        grown = [(spent, kept + all_of_it, plan) for spent, kept, plan in fitting]
        grown += [(spent + again, kept + own, [*plan, i]) for spent, kept, plan in fitting]
        best = _undominated(grown)
    return min(best)[2]


def _undominated(states: list[tuple[float, float, list[int]]]) -> list[tuple[float, float, list[int]]]:
    """Those than which no other has both no more FLOPs and no more bytes."""
    left, least = [], float("inf")
    for state in sorted(states):
        if state[1] < least:
            left.append(state)
            least = state[1]
    return left


def _check(inputs: Sequence[float], layers: Sequence[float]) -> None:
    row("inputs", inputs, least=0)
    row("layers", layers, least=0)
    same_length(inputs=inputs, layers=layers)
    for i, (own, all_of_it) in enumerate(zip(inputs, layers, strict=True)):
        if own > all_of_it:
            raise ValueError(f"inputs[{i}] must be at most layers[{i}], {all_of_it}, not {own}: it is a part")
