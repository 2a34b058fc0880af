"""Which tokens of which conversation stay on the card when not all fit."""

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import count, real, row, same_length
from course_lib.notebook.reference import reference


@reference("Q10.4")
def keep_hot(tokens: Sequence[int], reads: Sequence[float], room: int) -> np.ndarray:
    """Tokens (n,) to keep of each conversation, so that as few as possible are copied a step.

    Conversation i has tokens[i] tokens and is decoded in a share reads[i] of the steps, in each of which all
    its tokens are read, so a kept token saves reads[i] copies a step. Most read first, of equals the
    earlier (the fractional knapsack: Dantzig 1957); what is never read is not kept. Raises ValueError for
    lists of different length, and for a negative number.
    """
    tokens, reads = (
        row("tokens", tokens, whole=True, empty=True),
        row("reads", reads, empty=True, finite=False),
    )
    if tokens.shape != reads.shape:
        raise ValueError(
            f"a share of steps is needed for each of {len(tokens)} conversations, not {len(reads)}"
        )
    if real("room", room) < 0 or (tokens < 0).any() or not (reads >= 0).all():
        raise ValueError("room, tokens and reads must be at least 0")
    count(0, room=room)
    tokens, room = tokens.astype(int), int(room)
    order = np.argsort(-reads, kind="stable")
    wanted = np.where(reads > 0, tokens, 0)[order]
    kept = np.zeros(len(tokens), dtype=int)
    kept[order] = np.clip(room - (np.cumsum(wanted) - wanted), 0, wanted)
    return kept


def copied_tokens(tokens: Sequence[int], reads: Sequence[float], kept: Sequence[int]) -> float:
    """Tokens that cross the link a step, on average: reads[i] times what is not kept of conversation i.

    Raises ValueError for lists of different length, negative numbers, and more kept than there is.
    """
    lists = {"tokens": tokens, "reads": reads, "kept": kept}
    for name, values in lists.items():
        row(name, values, least=0, empty=True)
    same_length(**lists)
    if (np.asarray(kept) > np.asarray(tokens)).any():
        raise ValueError(f"kept must be at most tokens, not {list(kept)} of {list(tokens)}")
    return float(np.dot(reads, np.subtract(tokens, kept)))
