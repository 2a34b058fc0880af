"""Who holds which examples: every split gives each example to exactly one client.

A split is a list of index arrays, one for each client, into the classes y (n,) that were split. All raise
ValueError for no clients, for more clients than examples, and for a client that would get none.
"""

from collections.abc import Sequence

import numpy as np

from course_lib import seeds
from course_lib.arguments import count, positive
from course_lib.notebook.reference import reference

TRIES = 10_000  # draws of Dirichlet shares before a least size counts as out of reach


def iid(y: np.ndarray, clients: int, seed: int = 0) -> list[np.ndarray]:
    """Examples dealt out at random, sizes equal or one apart: every client sees the same distribution."""
    _check(y, clients)
    return np.array_split(_random("iid", seed).permutation(len(y)), clients)


@reference("Lab7.1")
def by_label(y: np.ndarray, clients: int, shards: int = 1, seed: int = 0) -> list[np.ndarray]:
    """Examples sorted by class, cut into clients · shards pieces, and `shards` of them given to each client.

    McMahan et al. 2017, section 3 (with 2 shards). Pieces are equal or one apart in size, so with one shard
    and as many clients as classes of about the same size, a client holds nearly one class alone.
    """
    count(shards=shards)
    _check(y, clients, pieces=clients * shards)
    random = _random("by label", seed)
    shuffled = random.permutation(len(y))
    pieces = np.array_split(shuffled[np.argsort(np.asarray(y)[shuffled], kind="stable")], clients * shards)
    owners = random.permutation(clients * shards) // shards
    return [
        np.concatenate([piece for piece, owner in zip(pieces, owners, strict=True) if owner == client])
        for client in range(clients)
    ]


@reference("Lab7.1")
def by_shares(y: np.ndarray, shares: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Each class cut by its row of shares (classes, clients), a row summing to 1, classes in rising order.

    The first k clients together get round(n · (sum of their shares)) of the n examples of a class, so what
    one rounds away the next one gets. Raises ValueError for shares below 0 or that do not sum to 1.
    """
    y, shares = np.asarray(y), np.asarray(shares, dtype=float)
    classes = np.unique(y)
    if shares.ndim != 2 or len(shares) != len(classes):
        raise ValueError(
            f"shares must have a row for each of {len(classes)} classes, not shape {shares.shape}"
        )
    _check(y, shares.shape[1])
    bad = ~(np.isclose(shares.sum(axis=1), 1, rtol=0, atol=1e-6) & (shares >= 0).all(axis=1))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"shares of a class must be at least 0 and sum to 1, but those of class {classes[row]} "
            f"are {np.round(shares[row], 4).tolist()}"
        )
    random = _random("by shares", seed)
    parts: list[list[np.ndarray]] = [[] for _ in range(shares.shape[1])]
    for label, ends in zip(classes, _ends(y, shares), strict=True):
        members = random.permutation(np.flatnonzero(y == label))
        for part, piece in zip(parts, np.split(members, ends[:-1]), strict=True):
            part.append(piece)
    split = [np.concatenate(part) for part in parts]
    for client, part in enumerate(split):
        if not len(part):
            raise ValueError(f"client {client} gets no examples by these shares")
    return split


@reference("Lab7.1")
def dirichlet(y: np.ndarray, clients: int, alpha: float, least: int = 10, seed: int = 0) -> list[np.ndarray]:
    """Each class cut by shares drawn from a symmetric Dirichlet distribution, every client of `least` size.

    Small alpha: a class lies with one or two clients; large alpha: nearly `iid`. Shares are drawn again until
    each client has `least` examples (Li et al. 2022, arXiv:2102.02079). Raises ValueError for alpha that is
    not above 0, and where no draw out of TRIES has that size.
    """
    positive(alpha=alpha)
    count(least=least)
    _check(y, clients, pieces=clients * least)
    y = np.asarray(y)
    classes, random = len(np.unique(y)), _random("dirichlet", seed)
    for _ in range(TRIES):
        shares = random.dirichlet(np.full(clients, alpha), size=classes)
        sizes = np.diff(_ends(y, shares), axis=1, prepend=0).sum(axis=0)
        if sizes.min() >= least:
            return by_shares(y, shares, seed)
    raise ValueError(
        f"none of {TRIES:,} draws with alpha {alpha:g} gave each of {clients} clients {least} examples: "
        "ask for fewer clients, a smaller least size or a larger alpha"
    )


def label_counts(y: np.ndarray, split: Sequence[np.ndarray]) -> np.ndarray:
    """How many examples of each class (columns, in rising order) each client (rows) holds."""
    classes = np.unique(y)
    return np.array([(np.asarray(y)[part][:, None] == classes).sum(axis=0) for part in split])


def _ends(y: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Where each client's part of each class ends (classes, clients)."""
    sizes = np.unique(y, return_counts=True)[1]
    return np.rint(sizes[:, None] * np.cumsum(shares, axis=1)).astype(int)


def _check(y: np.ndarray, clients: int, pieces: int | None = None) -> None:
    count(clients=clients)
    if np.ndim(y) != 1:
        raise ValueError(f"classes y must be of one dimension, not of shape {np.shape(y)}")
    if len(y) < (pieces or clients):
        each = f" with {pieces // clients} each" if pieces and pieces > clients else ""
        raise ValueError(f"{len(y)} examples are too few for {clients} clients{each}")


def _random(name: str, seed: int) -> np.random.Generator:
    return seeds.stream("federated", name, seed=seed)
