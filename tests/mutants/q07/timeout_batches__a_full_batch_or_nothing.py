# Ignores the timeout while enough are still to come.
def timeout_batches(arrivals, tokens, batch, seconds, a, b):
    first, last = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    begin, free = 0, 0.0
    while begin < len(arrivals):
        leaves = arrivals[begin + batch - 1] if begin + batch <= len(arrivals) else arrivals[begin] + seconds
        start = max(free, leaves)
        end = min(begin + batch, int(np.searchsorted(arrivals, start, side="right")))
        step = a + b * (end - begin)
        first[begin:end] = start + step
        last[begin:end] = start + step * tokens[begin:end]
        free = start + step * max(tokens[begin:end])
        begin = end
    return first, last
