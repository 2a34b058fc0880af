"""Points for a student's schedulers: the share they win, over all instances together, of what can be won."""

from collections.abc import Callable, Sequence

import numpy as np

from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.plans import as_places, as_prompts, mean_latency, what_is_wrong
from course_lib.serving.scheduling.regret import Instance, best_mean_latency, serve, share_won
from course_lib.serving.scheduling.schedulers import fixed_classes

# Of what can be won over fixed classes: up to the first share earns nothing, from the second on all. On 52
# days (seeds 20 to 39 and 200 to 231), with lengths known, the quickest first wins 94 %, the oldest first
# 61 %. With lengths unknown, the oldest first on the smallest free GPU wins 66 %, the shortest prompt first
# 67 %, an order by what each kind's answers have been like 76 %, and 83 % with a belief about them before any
# answer has ended.
PLANS = 0.5, 0.85
ONLINE = 0.5, 0.8


def mark_plans(
    task: str, schedule: Callable, instances: Sequence[Instance], cluster: Cluster, points: float
) -> float:
    """Points for `schedule(prompts, places) -> plan`, which knows all beforehand.

    A plan that cannot be carried out counts as fixed classes do. Prints the share won, and what is wrong; a
    task not yet written (NotImplementedError) is raised on.
    """

    def latency(given: Instance) -> float:
        prompts, places = as_prompts(given), as_places(cluster)
        plan = schedule(as_prompts(given), as_places(cluster))
        if wrong := what_is_wrong(plan, prompts, places):
            raise ValueError(wrong)
        return mean_latency(plan, prompts)

    return _marked(task, schedule.__name__, latency, instances, cluster, True, points, PLANS)


def mark_online(
    task: str, scheduler: Callable, instances: Sequence[Instance], cluster: Cluster, points: float
) -> float:
    """Points for `scheduler(view) -> [[request, place], ...]`, which knows no length of an answer.

    As `mark_plans`; a run in which a decision cannot be, three take more than a second, or somebody is never
    served, counts as fixed classes do.
    """

    def latency(given: Instance) -> float:
        result = serve(given, scheduler, cluster)
        if not result.served.all():
            waiting = int(np.flatnonzero(~result.served)[0])
            raise ValueError(f"request {waiting} is never served, though GPUs are free at the end")
        return float(result.latency.mean())

    return _marked(task, scheduler.__name__, latency, instances, cluster, False, points, ONLINE)


def _marked(task, name, latency, instances, cluster, known, points, scale) -> float:
    nothing, everything = scale
    base = [
        float(serve(given, fixed_classes, cluster, known, limit=None).latency.mean()) for given in instances
    ]
    best = [best_mean_latency(given, cluster) for given in instances]
    yours, wrong = [], []
    for given, baseline in zip(instances, base, strict=True):
        try:
            yours.append(latency(given))
        except NotImplementedError:
            raise
        except Exception as error:
            yours.append(baseline)
            wrong.append(f"{type(error).__name__}: {error}")
    won = share_won(np.mean(base), np.mean(yours), np.mean(best))
    earned = float(points * min(1.0, max(0.0, (won - nothing) / (everything - nothing))))
    print(
        f"{task} {name}: mean latency {np.mean(yours):.2f} s; fixed classes {np.mean(base):.2f} s, "
        f"the optimum {np.mean(best):.2f} s\n"
        f"  {won:.0%} of what can be won; {nothing:.0%} earn nothing, {everything:.0%} all: "
        f"{earned:.3g} of {points:g} points"
    )
    if wrong:
        print(f"  On {len(wrong)} of {len(yours)} instances it counts as fixed classes: {wrong[0]}")
    return earned
