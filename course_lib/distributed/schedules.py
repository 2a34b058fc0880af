"""In which order a stage of a pipeline takes the microbatches, forward and backward."""

from course_lib.arguments import count, one_of
from course_lib.notebook.reference import reference

Operation = tuple[str, int]  # "F" or "B", and a microbatch
KINDS = ("gpipe", "1f1b")


@reference("Lab5.4")
def schedule(stages: int, microbatches: int, kind: str) -> list[list[Operation]]:
    """For each stage its operations in order: ("F", m) forward and ("B", m) backward of microbatch m.

    "gpipe" (Huang et al. 2019): all forward passes, then all backward ones. "1f1b" (Narayanan et al. 2019):
    as many forward passes as stages lie behind, then one forward and one backward in turn. Raises ValueError
    for another kind, and for fewer stages or microbatches than 1.
    """
    count(stages=stages, microbatches=microbatches)
    one_of("kind", kind, KINDS)
    return [_of_stage(stages - 1 - stage, microbatches, kind) for stage in range(stages)]


@reference("Lab5.4")
def _of_stage(behind: int, microbatches: int, kind: str) -> list[Operation]:
    """The order of a stage that has `behind` stages after it."""
    warm_up = microbatches if kind == "gpipe" else min(microbatches, behind)
    order = [("F", m) for m in range(warm_up)]
    for m in range(microbatches - warm_up):
        order += [("F", warm_up + m), ("B", m)]
    return order + [("B", m) for m in range(microbatches - warm_up, microbatches)]
