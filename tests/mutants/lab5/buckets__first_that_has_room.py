# Puts a tensor into the first bucket that has room, though that one has left.
def buckets(nbytes, limit):
    if not limit > 0:
        raise ValueError(f"a bucket needs a limit above 0 bytes, not {limit}")
    found, sizes = [], []
    for i in reversed(range(len(nbytes))):
        place = next((k for k, size in enumerate(sizes) if size + nbytes[i] <= limit), None)
        if place is None:
            place = len(found)
            found.append([])
            sizes.append(0)
        found[place].append(i)
        sizes[place] += nbytes[i]
    return found
