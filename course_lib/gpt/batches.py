"""Pairs of sentences as rows of tokens, and what the model is to say after each token."""

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.notebook.reference import reference

NO_TARGET = -1  # where nothing is to be learned: in the German sentence and behind the English one


@reference("Lab3.5")
def collate(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], ids: Mapping[str, int], length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and targets, both int64 (pairs, length), of pairs of German and English tokens.

    A row of tokens is <s>, the German ones, =, the English ones, and then <pad>. Its target is the token that
    follows, where that is an English one or the </s> behind them, and NO_TARGET elsewhere. `ids` has an id
    for every token. Raises ValueError for a row that does not fit, and for a token without an id.
    """
    tokens = np.full((len(pairs), length), ids["<pad>"], np.int64)
    targets = np.full((len(pairs), length), NO_TARGET, np.int64)
    for row, (german, english) in enumerate(pairs):
        missing = [token for token in (*german, *english) if token not in ids]
        if missing:
            raise ValueError(f"row {row} has the token {missing[0]!r}, which has no id")
        source = [ids[token] for token in ("<s>", *german, "=")]
        target = [ids[token] for token in (*english, "</s>")]
        end = len(source) + len(target) - 1  # the last token is only a target
        if end > length:
            raise ValueError(f"row {row} has {end} tokens, and {length} fit")
        tokens[row, :end] = source + target[:-1]
        targets[row, len(source) - 1 : end] = target
    return tokens, targets
