# Sends first what is ready first.
def step_time(ready, nbytes, buckets, link):
    free = 0.0
    for bucket in sorted(buckets, key=lambda one: max(ready[i] for i in one)):
        leaves = max([free, *(ready[i] for i in bucket)])
        size = sum(nbytes[i] for i in bucket)
        free = leaves + link["latency"] + size / link["bandwidth"]
    return float(max([free, *ready]))
