# Lets a step get shorter as answers end, as if their seats were given up.
def static_batches(arrivals, tokens, batch, a, b):
    first, last = np.full(len(arrivals), np.inf), np.full(len(arrivals), np.inf)
    step, free = a + b * batch, 0.0
    for begin in range(0, len(arrivals) - batch + 1, batch):
        members = slice(begin, begin + batch)
        now, left = max(free, arrivals[members][-1]), tokens[members].copy()
        first[members] = now + step
        while (left > 0).any():
            now += a + b * (left > 0).sum()
            left -= 1
            last[members] = np.where(left == 0, now, last[members])
        free = now
    return first, last
