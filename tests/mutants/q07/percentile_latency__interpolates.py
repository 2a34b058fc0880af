# Lets NumPy interpolate between two latencies.
def percentile_latency(begin, end, q):
    return float(np.percentile(np.asarray(end) - np.asarray(begin), q))
