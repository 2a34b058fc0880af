"""A view for schedulers of our own: each part of it is made when it is looked at, and not before."""

from collections.abc import Callable, Iterator, Mapping

from course_lib.serving.scheduling.queue import Queue


class LiveView(Mapping):
    """Holds the parts of a View, and the engine's own `waiting`.

    It holds for one decision: whoever is given one neither keeps it nor changes `waiting`.
    """

    def __init__(
        self, parts: Mapping[str, Callable[[], object]], waiting: Queue, running_at: Callable[[str], list]
    ):
        self.parts, self.waiting, self.running_at = parts, waiting, running_at
        self.made: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self.made:
            self.made[name] = self.parts[name]()
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)
