# Frees the link during the latency.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in buckets:
        leaves = max([free, *(ready[i] for i in bucket)])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + size / link["bandwidth"]
    return float(max([free + (link["latency"] if buckets else 0.0), *ready]))
