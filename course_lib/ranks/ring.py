"""The ring all-reduce, message by message (Patarasuk and Yuan 2009)."""

from collections.abc import Sequence

import numpy as np

from course_lib.notebook.reference import reference


@reference("Q6.1")
def all_reduce_states(buffers: Sequence[np.ndarray]) -> np.ndarray:
    """Every rank's buffer before the first and after each of the 2(N - 1) steps: (2N - 1, N, n).

    Buffers (n,) are cut by np.array_split into N chunks. In step t, rank r passes chunk r - t on to rank
    r + 1, which adds it (t < N - 1) or puts it in place of its own (later); all modulo N. Raises ValueError
    for no buffers, or buffers of different shapes.
    """
    if not len(buffers) or len({np.shape(buffer) for buffer in buffers}) != 1 or np.ndim(buffers[0]) != 1:
        raise ValueError("an all-reduce needs one buffer per rank, all of one length")
    ranks = len(buffers)
    state = np.array(buffers)
    chunks = np.array_split(np.arange(state.shape[1]), ranks)
    states = [state]
    for step in range(2 * (ranks - 1)):
        state = state.copy()
        for rank in range(ranks):
            chunk, right = chunks[(rank - step) % ranks], (rank + 1) % ranks
            if step < ranks - 1:
                state[right, chunk] += states[-1][rank, chunk]
            else:
                state[right, chunk] = states[-1][rank, chunk]
        states.append(state)
    return np.stack(states)
