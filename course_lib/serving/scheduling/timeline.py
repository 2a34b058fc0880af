"""Who has which place from when to when, planned ahead."""

from collections.abc import Mapping

from course_lib.serving.scheduling.cluster import Place


class Timeline:
    """Planned stays at the places of a cluster: one at a time each (`exclusive`), or while tokens fit."""

    def __init__(self, places: Mapping[str, Place], exclusive: bool):
        self.places, self.exclusive = places, exclusive
        self.stays: dict[str, list[tuple[float, float, int]]] = {name: [] for name in places}
        self.rivals = {
            name: [other for other in places if other != name and set(places[other].gpus) & set(place.gpus)]
            for name, place in places.items()
        }

    def put(self, name: str, start: float, end: float, tokens: int) -> None:
        """Somebody has the place, or `tokens` of it, in [start, end)."""
        self.stays[name].append((start, end, tokens))

    def earliest(self, name: str, release: float, duration: float, tokens: int) -> float:
        """The first start from `release` on at which `tokens` find room for all of `duration`.

        Raises ValueError for more tokens than the place has room for.
        """
        rivals = [stay for rival in self.rivals[name] for stay in self.stays[rival]]
        mates = self.stays[name]
        if self.exclusive:
            rivals, mates = rivals + mates, []
        room = self.places[name].room - tokens
        for start in sorted({release, *(end for _, end, _ in rivals + mates if end > release)}):
            end = start + duration
            if any(s < end and start < e for s, e, _ in rivals):
                continue
            beside = [stay for stay in mates if stay[0] < end and start < stay[1]]
            moments = {start, *(s for s, _, _ in beside if s > start)}
            if all(sum(held for s, e, held in beside if s <= m < e) <= room for m in moments):
                return start
        raise ValueError(f"{name} never has room for {tokens:,} tokens")
