# Waits forever for a bucket into which a large tensor fits.
def buckets(nbytes, limit):
    if not limit > 0:
        raise ValueError(f"a bucket needs a limit above 0 bytes, not {limit}")
    found, left = [], list(range(len(nbytes)))
    while left:
        bucket, size = [], 0
        while left and size + nbytes[left[-1]] <= limit:
            size += nbytes[left[-1]]
            bucket.append(left.pop())
        if bucket:
            found.append(bucket)
    return found
