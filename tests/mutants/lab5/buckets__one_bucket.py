# Sends everything in one bucket.
def buckets(nbytes, limit):
    if not limit > 0:
        raise ValueError(f"a bucket needs a limit above 0 bytes, not {limit}")
    found, size = [], 0
    for i in reversed(range(len(nbytes))):
        if not found:
            found.append([])
            size = 0
        found[-1].append(i)
        size += nbytes[i]
    return found
