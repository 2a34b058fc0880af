"""A schedule as an integer program: one yes or no for each job, kind of place and start."""

from collections.abc import Mapping

import numpy as np

from course_lib.serving.scheduling.cluster import Place


class TimeIndexed:
    """Jobs on places, each to end by its deadline, in units of time.

    One at a time (`exclusive`), places of equal room are one kind that is counted, and only afterwards told
    apart. With shared memory each place is a kind of its own, and joined GPUs serve together or apart.
    """

    def __init__(self, jobs, places: Mapping[str, Place], exclusive: bool, deadlines):
        self.jobs, self.places, self.exclusive = jobs, places, exclusive
        self.horizon = max(deadlines)
        joint = [place for place in places.values() if len(place.gpus) > 1]
        members = {gpu for place in joint for gpu in place.gpus}
        self.kinds: dict[tuple, list[str]] = {}
        for name, place in places.items():
            key = (place.room, name in members, len(place.gpus), place.speed)
            self.kinds.setdefault(key if exclusive else (name,), []).append(name)
        self.columns = [
            (number, key, start)
            for number, job in enumerate(jobs)
            for key, names in self.kinds.items()
            if places[names[0]].room >= job.tokens
            for start in range(job.arrival, deadlines[number] - self._units(number, key) + 1)
        ]

    def _units(self, number: int, key: tuple) -> int:
        """How long a job runs at the places of a kind."""
        return self.jobs[number].units_at(self.places[self.kinds[key][0]])

    def solve(self, objective: str) -> tuple[float, list[int], list[str]]:
        """The least value of the objective, and a start and a place for each job.

        Raises ValueError where the deadlines cannot be met.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        ends = np.array([start + self._units(number, key) for number, key, start in self.columns], float)
        weights = np.array([self.jobs[number].weight for number, _, _ in self.columns], float)
        rows = _Rows(len(self.columns) + 1 + self.horizon)  # then the makespan, then "joined at t"
        makespan = len(self.columns)
        for number in range(len(self.jobs)):
            mine = [column for column, (job, _, _) in enumerate(self.columns) if job == number]
            rows.add([(column, 1) for column in mine], 1, 1)
            if objective == "makespan":
                rows.add([(makespan, 1), *((column, -ends[column]) for column in mine)], 0, np.inf)
        self._capacities(rows)
        prices = np.concatenate(
            [np.zeros_like(ends) if objective == "makespan" else ends * weights, np.zeros(1 + self.horizon)]
        )
        prices[makespan] = objective == "makespan"
        upper = np.ones(rows.width)
        upper[makespan] = self.horizon
        found = milp(
            prices, constraints=LinearConstraint(rows.matrix(), rows.low, rows.high), bounds=Bounds(0, upper),
            integrality=np.ones(rows.width), options={"mip_rel_gap": 0},
        )  # fmt: skip
        if found.status != 0:
            raise ValueError(f"no optimum was found up to time {self.horizon}: {found.message}")
        chosen = [self.columns[column] for column in np.flatnonzero(found.x[: len(self.columns)] > 0.5)]
        starts = [start for _, _, start in chosen]
        value = round(found.fun) if (weights == np.round(weights)).all() else float(found.fun)
        return value, starts, self._told_apart(chosen)

    def _capacities(self, rows: "_Rows") -> None:
        joint = [name for name, place in self.places.items() if len(place.gpus) > 1]
        joined = len(self.columns) + 1
        running: dict[tuple, list[list[tuple[int, int]]]] = {
            key: [[] for _ in range(self.horizon)] for key in self.kinds
        }
        for column, (number, key, start) in enumerate(self.columns):
            job = self.jobs[number]
            for t in range(start, start + self._units(number, key)):
                running[key][t].append((column, job.tokens))
        for key, names in self.kinds.items():
            if names[0] in joint and self.exclusive:
                continue  # counted below, as all of its GPUs
            for t, there in enumerate(running[key]):
                size = len(names) if self.exclusive else self.places[names[0]].room
                terms = [(column, (1 if self.exclusive else tokens) / size) for column, tokens in there]
                for pair in joint:
                    if set(self.places[names[0]].gpus) & set(self.places[pair].gpus):
                        alone = [(column, 1.0) for column, _ in running[self._kind(pair)][t]]
                        terms += (
                            alone if self.exclusive else [(joined + t, -1.0 if names[0] == pair else 1.0)]
                        )
                rows.add(terms, -np.inf, 0 if names[0] in joint else 1)

    def _kind(self, name: str) -> tuple:
        return next(key for key, names in self.kinds.items() if name in names)

    def _told_apart(self, chosen: list[tuple]) -> list[str]:
        """A place for each job: of a counted kind, any that is free at its start."""
        free_from = dict.fromkeys(self.places, 0)
        names = [""] * len(chosen)
        for number, key, start in sorted(chosen, key=lambda column: column[2]):
            name = next(name for name in self.kinds[key] if not self.exclusive or free_from[name] <= start)
            names[number] = name
            free_from[name] = start + self._units(number, key)
        return names


class _Rows:
    """Rows of a sparse matrix, with the least and most that each may come to."""

    def __init__(self, width: int):
        self.width = width
        self.low: list[float] = []
        self.high: list[float] = []
        self.entries: list[tuple[int, int, float]] = []

    def add(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        """One row: the sum of these columns times their factors lies within the bounds."""
        self.entries += [(len(self.low), column, factor) for column, factor in terms]
        self.low.append(low)
        self.high.append(high)

    def matrix(self):
        """All rows, sparse."""
        from scipy.sparse import coo_array

        row, column, factor = zip(*self.entries, strict=True)
        return coo_array((factor, (row, column)), shape=(len(self.low), self.width)).tocsr()
