# Lets all buckets use the link at the same time.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in buckets:
        leaves = max(ready[i] for i in bucket)
        size = sum(nbytes[i] for i in bucket)
        free = max(free, leaves + link["latency"] + size / link["bandwidth"])
    return float(max([free, *ready]))
