# Takes requests in the order in which they came instead of sorting by latency.
def percentile_latency(begin, end, q):
    latency = np.asarray(end) - np.asarray(begin)
    return float(latency[math.ceil(q * len(latency) / 100) - 1])
