# Counts the last bucket alone.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in buckets:
        leaves = max([0.0, *(ready[i] for i in bucket)])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + link["latency"] + size / link["bandwidth"]
    return float(max([free, *ready]))
