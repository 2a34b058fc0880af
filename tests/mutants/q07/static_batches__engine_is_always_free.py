# Forgets that the engine may still be busy.
def static_batches(arrivals, tokens, batch, a, b):
    first, last = np.full(len(arrivals), np.inf), np.full(len(arrivals), np.inf)
    step, free = a + b * batch, 0.0
    for begin in range(0, len(arrivals) - batch + 1, batch):
        members = slice(begin, begin + batch)
        start = arrivals[members][-1]
        first[members] = start + step
        last[members] = start + step * tokens[members]
    return first, last
