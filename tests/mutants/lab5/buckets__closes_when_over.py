# Closes a bucket only when it is over the limit, as torch's DDP does.
def buckets(nbytes, limit):
    if not limit > 0:
        raise ValueError(f"a bucket needs a limit above 0 bytes, not {limit}")
    found, size = [], 0
    for i in reversed(range(len(nbytes))):
        if not found or size >= limit:
            found.append([])
            size = 0
        found[-1].append(i)
        size += nbytes[i]
    return found
