# Rounds the rank down: fewer than q % do not exceed it.
def percentile_latency(begin, end, q):
    latency = np.sort(np.asarray(end) - np.asarray(begin))
    return float(latency[max(0, int(q * len(latency) / 100) - 1)])
