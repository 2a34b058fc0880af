# Counts ranks from 0: one request too far.
def percentile_latency(begin, end, q):
    latency = np.sort(np.asarray(end) - np.asarray(begin))
    return float(latency[min(math.ceil(q * len(latency) / 100), len(latency) - 1)])
