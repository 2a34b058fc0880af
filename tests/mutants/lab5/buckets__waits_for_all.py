# Sends nothing before the whole backward pass is done.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in buckets:
        leaves = max([free, *ready])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + link["latency"] + size / link["bandwidth"]
    return float(max([free, *ready]))
