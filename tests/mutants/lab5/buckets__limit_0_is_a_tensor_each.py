# Takes a limit of 0 for a bucket per tensor.
def buckets(nbytes, limit):
    if limit < 0:
        raise ValueError(f"a bucket needs a limit above 0 bytes, not {limit}")
    found, size = [], 0
    for i in reversed(range(len(nbytes))):
        if not found or size + nbytes[i] > limit:
            found.append([])
            size = 0
        found[-1].append(i)
        size += nbytes[i]
    return found
