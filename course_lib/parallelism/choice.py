"""Which layout a cluster should take, depending on what is wished for."""

from dataclasses import dataclass

from course_lib.costs import layouts
from course_lib.costs.layouts import Cluster, Layout
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape

WISHES = ("faster", "more users", "bigger model")
MOST_USERS = 256  # of one replica at a time: what an engine keeps in flight, room or not


@dataclass(frozen=True)
class Option:
    """A layout: seconds per token of one user, requests per second, users and model that fit."""

    layout: Layout
    token_seconds: float
    requests_per_second: float
    users: int
    largest_weights: float


def options(shape: Shape, cluster: Cluster, prompt: int = 500, answer: int = 250) -> list[Option]:
    """All layouts over the whole cluster that hold the model and at least one user of prompt + answer tokens.

    Requests per second: with as many users in flight as fit, up to MOST_USERS per replica.
    """
    found = []
    for layout in layouts.possible(shape, cluster.gpus):
        users = layouts.users_that_fit(shape, layout, cluster, prompt + answer)
        if not users:
            continue
        flying = min(users, MOST_USERS * layout.replicas)
        found.append(
            Option(
                layout,
                layouts.token_seconds(shape, layout, cluster, prompt + answer),
                layouts.requests_per_second(shape, layout, cluster, prompt, answer, flying),
                users,
                layouts.largest_weights(layout, cluster),
            )
        )
    return found


@reference("Q6.5")
def choose(found: list[Option], wish: str) -> Option:
    """The best for a wish: a token soonest ("faster"), most requests per second ("more users"), most room for
    one copy ("bigger model"); of equal ones the one that is faster.

    Raises ValueError for another wish, and where no layout holds the model.
    """
    if wish not in WISHES:
        raise ValueError(f"a wish is one of {', '.join(WISHES)}, not {wish!r}")
    if not found:
        raise ValueError("no layout of this cluster holds the model: take more or larger GPUs")
    value = {
        "faster": lambda option: 0,
        "more users": lambda option: option.requests_per_second,
        "bigger model": lambda option: option.largest_weights,
    }[wish]
    return max(found, key=lambda option: (value(option), -option.token_seconds))
