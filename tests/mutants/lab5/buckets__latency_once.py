# Pays the latency only once.
def step_time(ready, nbytes, buckets, link):
    free, latency = 0.0, link["latency"]
    for bucket in buckets:
        leaves = max([free, *(ready[i] for i in bucket)])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + latency + size / link["bandwidth"]
        latency = 0.0
    return float(max([free, *ready]))
