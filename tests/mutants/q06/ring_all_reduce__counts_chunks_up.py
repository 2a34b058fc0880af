# Counts the chunks up instead of down, so that a rank sends on what it has not received.
def ring_all_reduce(buffers):
    ranks = len(buffers)
    states = [np.array(buffers)]
    chunks = np.array_split(np.arange(len(buffers[0])), ranks)
    for step in range(2 * (ranks - 1)):
        before, after = states[-1], states[-1].copy()
        for rank in range(ranks):
            right, chunk = (rank + 1) % ranks, chunks[(rank + step) % ranks]
            if step < ranks - 1:
                after[right, chunk] += before[rank, chunk]
            else:
                after[right, chunk] = before[rank, chunk]
        states.append(after)
    return np.stack(states)
