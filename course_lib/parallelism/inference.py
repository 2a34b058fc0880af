"""Jobs done by real ranks: each in its layout, once, or until its fastest runs agree."""

from collections.abc import Sequence

import numpy as np

from course_lib.costs.layouts import Layout
from course_lib.notebook.progress import Progress
from course_lib.parallelism.job import Job, Run
from course_lib.ranks.processes import Ranks


def run(ranks: Ranks, job: Job, layout: Layout) -> Run:
    """Do a job in a layout; see run_all."""
    return run_all(ranks, [(job, layout)])[0]


def run_all(ranks: Ranks, plan: Sequence[tuple[Job, Layout]]) -> list[Run]:
    """Do one job after the other, each in its layout, under one progress bar.

    Raises ValueError, before anything runs, when a job and its layout do not fit each other or these ranks,
    and RankEnded.
    """
    for job, layout in plan:
        job.check(layout)
        if layout.gpus > ranks.count:
            raise ValueError(f"{layout} needs {layout.gpus} ranks, and {ranks.count} were started")
    total = sum(job.answer * layout.gpus for job, layout in plan)
    with Progress(total, f"generating on {ranks.count} processes", show=ranks.progress) as bar:
        return [_run(ranks, job, layout, bar) for job, layout in plan]


def fastest(
    ranks: Ranks, plan: Sequence[tuple[Job, Layout]], agree: float = 0.05, most: int = 5
) -> list[Run]:
    """Each job's fastest run: all jobs are repeated, in rounds, until their two fastest runs agree.

    Other programs can only make a run slower, so the fastest is nearest to what the ranks do by themselves
    (as in Python's timeit); a second one as fast, within the share `agree`, says that it was no
    half-disturbed one. A job runs at most `most` times. Raises as run_all does.
    """
    runs: list[list[Run]] = [[] for _ in plan]
    left = list(range(len(plan)))
    while left and len(runs[left[0]]) < most:
        for index, run in zip(left, run_all(ranks, [plan[index] for index in left]), strict=True):
            runs[index] = sorted([*runs[index], run], key=lambda run: run.seconds)
        left = [index for index in left if not _agree(runs[index], agree)]
    return [repeats[0] for repeats in runs]


def _run(ranks: Ranks, job: Job, layout: Layout, bar: Progress) -> Run:
    bar.update(0, str(layout))
    results = ranks.order("course_lib.parallelism.worker:generate", job, layout, bar=bar)
    used = [result for result in results if result is not None]
    logits = np.empty((job.users, job.answer, job.vocabulary), dtype=np.float32)
    for _, groups in used:
        for users, values in groups:
            logits[users] = values
    return Run(job, layout, logits.argmax(-1), logits, [report for report, _ in used])


def _agree(runs: list[Run], share: float) -> bool:
    """Whether the two fastest of `runs`, in order of their time, are as fast as each other."""
    return len(runs) > 1 and runs[1].seconds <= (1 + share) * runs[0].seconds
