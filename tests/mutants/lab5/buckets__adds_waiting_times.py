# Adds up when gradients are ready and how long the messages take.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in buckets:
        leaves = max([free, *(ready[i] for i in bucket)])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + link["latency"] + size / link["bandwidth"]
    return float(
        max(ready, default=0.0)
        + sum(link["latency"] + sum(nbytes[i] for i in b) / link["bandwidth"] for b in buckets)
    )
