# Turns away requests that come after the timeout while the engine is still busy.
def timeout_batches(arrivals, tokens, batch, seconds, a, b):
    first, last = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    begin, free = 0, 0.0
    while begin < len(arrivals):
        leaves = arrivals[begin] + seconds
        if begin + batch <= len(arrivals):
            leaves = min(leaves, arrivals[begin + batch - 1])
        start = max(free, leaves)
        end = min(begin + batch, int(np.searchsorted(arrivals, leaves, side="right")))
        step = a + b * (end - begin)
        first[begin:end] = start + step
        last[begin:end] = start + step * tokens[begin:end]
        free = start + step * max(tokens[begin:end])
        begin = end
    return first, last
