"""Two-needle retrieval: eight people hold a thing each, two are asked for, and both must be named in order.

A token is the sum of a person's and a thing's vector, the question the sum of one vector for whom it asks
first and one for whom it asks second. One attention looks, and a linear readout of what it brings back gives
both answers. The models of several seeds are trained together: every tensor has the seed as its first axis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import cross_entropy, embedding

from course_lib import attention, seeds, training

PEOPLE = ("Ann", "Bob", "Cem", "Dia", "Eve", "Fay", "Gus", "Hal")
THINGS = ("apple", "bread", "cheese", "date", "egg", "fig", "grape", "honey")
TESTED = 500  # questions that an accuracy is measured on

Attend = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Questions:
    """people, things (..., 8): who stands where, and with what; asked (..., 2): for whom, in order.

    All are indices into PEOPLE and THINGS; each person stands somewhere, two may hold the same thing.
    """

    people: torch.Tensor
    things: torch.Tensor
    asked: torch.Tensor

    @property
    def answers(self) -> torch.Tensor:
        """The two things asked for, in order (..., 2)."""
        return self.things.gather(-1, self.places)

    @property
    def places(self) -> torch.Tensor:
        """Where the two people stand who are asked for (..., 2)."""
        return self.people.argsort(-1).gather(-1, self.asked)

    def __getitem__(self, index) -> "Questions":
        return Questions(self.people[index], self.things[index], self.asked[index])


def questions(*shape: int, random: torch.Generator) -> Questions:
    """Random questions: people in random places, things drawn independently, two different people asked."""

    def shuffled() -> torch.Tensor:
        return torch.rand(*shape, len(PEOPLE), generator=random).argsort(-1)

    return Questions(
        shuffled(), torch.randint(len(THINGS), (*shape, len(PEOPLE)), generator=random), shuffled()[..., :2]
    )


@dataclass(frozen=True)
class Models:
    """Models of one shape, one a seed, and how they learned.

    weights: by name, each (seeds, ...); accuracy (points, seeds): share of TESTED unseen questions with both
    answers right, after each of `steps` (points,).
    """

    heads: int
    weights: dict[str, torch.Tensor]
    steps: tuple[int, ...] = ()
    accuracy: torch.Tensor | None = None

    @property
    def parameters(self) -> int:
        """Parameters of one of the models."""
        return sum(weight[0].numel() for weight in self.weights.values())


def untrained(heads: int, of_seeds: Sequence[int], width: int = 32, hidden: int = 0) -> Models:
    """Models of `width` with random weights; with `hidden`, a ReLU layer stands before the readout.

    Raises ValueError unless `heads` divides `width`.
    """
    if heads < 1 or width % heads:
        raise ValueError(f"{heads} heads cannot share a width of {width} evenly")
    shapes = dict.fromkeys(("person", "first", "second"), (len(PEOPLE), width))
    shapes["thing"] = (len(THINGS), width)
    shapes |= dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (width, width))
    if hidden:
        shapes["hidden"] = (hidden, width)
    shapes["readout"] = (2 * len(THINGS), hidden or width)
    streams = [seeds.torch_stream("retrieval", "weights", seed=seed) for seed in of_seeds]
    weights = {}
    for name, shape in shapes.items():
        # Vectors that are looked up have entries of size 1; matrices keep the size of what they multiply.
        size = 1 if name in ("person", "thing", "first", "second") else shape[1] ** -0.5
        weights[name] = size * torch.stack([torch.randn(shape, generator=stream) for stream in streams])
    return Models(heads, weights)


def looks(models: Models, asked: Questions) -> torch.Tensor:
    """Weights (seeds, n, heads, 8) with which each head looks at the eight places; questions (seeds, n)."""
    q, k, _ = _projected(models, asked)
    return attention.attention_weights(q, k)[..., 0, :]


def logits(models: Models, asked: Questions, attend: Attend = attention.attention) -> torch.Tensor:
    """Logits (seeds, n, 2, 8) of the two answers for questions (seeds, n).

    `attend` takes q (seeds, n, heads, 1, d) and k, v (seeds, n, heads, 8, d), and returns what q found.
    """
    weights = models.weights
    found = attend(*_projected(models, asked))[..., 0, :].flatten(-2)  # (seeds, n, width)
    found = found @ weights["Wo"].mT
    if "hidden" in weights:
        found = torch.relu(found @ weights["hidden"].mT)
    return (found @ weights["readout"].mT).unflatten(-1, (2, len(THINGS)))


def accuracy(models: Models, asked: Questions | None = None) -> torch.Tensor:
    """Share (seeds,) of the questions (seeds, n) with both answers right; TESTED unseen ones by default."""
    count = len(models.weights["readout"])
    asked = asked or _repeated(questions(TESTED, random=seeds.torch_stream("retrieval", "test")), count)
    with torch.no_grad():
        right = logits(models, asked).argmax(-1) == asked.answers
    return right.all(-1).float().mean(-1)


def only(models: Models, model: int) -> Models:
    """One of the models alone, without how it learned."""
    return Models(models.heads, {name: weight[model : model + 1] for name, weight in models.weights.items()})


def without_head(models: Models, head: int) -> Models:
    """The same models when nothing of that head arrives at the readout."""
    width = models.weights["Wo"].shape[-1] // models.heads
    Wo = models.weights["Wo"].clone()
    Wo[..., head * width : (head + 1) * width] = 0
    return replace(models, weights=models.weights | {"Wo": Wo})


def entropy(weights: torch.Tensor) -> torch.Tensor:
    """Entropy in bits along the last axis: 0 looks at one place, 3 at all eight alike."""
    return -torch.special.xlogy(weights, weights).sum(-1) / torch.log(torch.tensor(2.0))


@training.one_thread()
def train(
    heads: int,
    of_seeds: Sequence[int] = (0, 1, 2, 3, 4),
    *,
    width: int = 32,
    hidden: int = 0,
    steps: int = 300,
    batch: int = 64,
    lr: float = 5e-3,
    attend: Attend = attention.attention,
    every: int = 25,
    on_step: Callable[[], object] | None = None,
) -> Models:
    """Train a model per seed with Adam on fresh random questions, and test it after every `every` steps.

    A seed gives the same questions for every shape of model. `attend` is used for training only; `on_step` is
    called after each step. Raises ValueError as `untrained`.
    """
    models = untrained(heads, of_seeds, width, hidden)
    weights = {name: weight.requires_grad_() for name, weight in models.weights.items()}
    optimizer = training.Adam(weights.values(), lr=lr, fused=True)
    drawn = [
        questions(steps, batch, random=seeds.torch_stream("retrieval", "questions", seed=seed))
        for seed in of_seeds
    ]
    every_seed = Questions(
        *(torch.stack([getattr(q, part) for q in drawn], 1) for part in ("people", "things", "asked"))
    )
    answers, tested, curve = every_seed.answers, [], []
    for step in range(steps):
        said = logits(models, every_seed[step], attend)
        # The sum over seeds keeps the gradient of each model what it would be alone.
        loss = cross_entropy(said.flatten(0, 2), answers[step].flatten(), reduction="sum") / (2 * batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            tested.append(step + 1)
            curve.append(accuracy(models))
        if on_step:
            on_step()
    weights = {name: weight.detach() for name, weight in weights.items()}
    return Models(heads, weights, tuple(tested), torch.stack(curve))


def _projected(models: Models, asked: Questions) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q (seeds, n, heads, 1, d), k and v (seeds, n, heads, 8, d) of questions (seeds, n)."""
    weights = models.weights

    def heads_of(name: str, first: str, second: str, index: torch.Tensor) -> torch.Tensor:
        # Two of eight make 64 sums: all are projected once, whatever the number of questions, and looked up.
        sums = (weights[first][:, :, None] + weights[second][:, None]).flatten(1, 2)
        return attention.split_heads(_vectors(sums @ weights[name].mT, index), models.heads)

    question = asked.asked[..., :1] * len(PEOPLE) + asked.asked[..., 1:]
    token = asked.people * len(THINGS) + asked.things
    return (
        heads_of("Wq", "first", "second", question),
        heads_of("Wk", "person", "thing", token),
        heads_of("Wv", "person", "thing", token),
    )


def _vectors(table: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Rows of each seed's table (seeds, rows, width) at index (seeds, ...)."""
    count, rows, _ = table.shape
    first = torch.arange(count).view(-1, *[1] * (index.dim() - 1)) * rows
    return embedding(index + first, table.flatten(0, 1))


def _repeated(asked: Questions, count: int) -> Questions:
    """The same questions for every seed."""
    parts = (asked.people, asked.things, asked.asked)
    return Questions(*(part.expand(count, *part.shape) for part in parts))
