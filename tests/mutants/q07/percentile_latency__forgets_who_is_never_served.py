# Looks only at those who were served.
def percentile_latency(begin, end, q):
    latency = np.asarray(end) - np.asarray(begin)
    latency = np.sort(latency[np.isfinite(latency)])
    return float(latency[math.ceil(q * len(latency) / 100) - 1])
