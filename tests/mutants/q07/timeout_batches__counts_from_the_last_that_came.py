# Starts the clock again with every request that joins.
def timeout_batches(arrivals, tokens, batch, seconds, a, b):
    first, last = np.zeros(len(arrivals)), np.zeros(len(arrivals))
    begin, free = 0, 0.0
    while begin < len(arrivals):
        end = begin + 1
        while (
            end < len(arrivals)
            and end - begin < batch
            and arrivals[end] <= max(free, arrivals[end - 1] + seconds)
        ):
            end += 1
        start = max(free, arrivals[end - 1] + (seconds if end - begin < batch else 0))
        end = min(end, len(arrivals))
        step = a + b * (end - begin)
        first[begin:end] = start + step
        last[begin:end] = start + step * tokens[begin:end]
        free = start + step * max(tokens[begin:end])
        begin = end
    return first, last
