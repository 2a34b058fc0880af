# Divides first: 0.29 * 100 is 28.999..., 0.55 * 100 is 55.000...1, and the rank is one too far.
def percentile_latency(begin, end, q):
    latency = np.sort(np.asarray(end) - np.asarray(begin))
    return float(latency[math.ceil(q / 100 * len(latency)) - 1])
