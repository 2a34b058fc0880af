# Never looks at the sum of the fractions.
def split(labels, fractions, seed):
    random = np.random.default_rng(seed)
    parts = [[] for _ in fractions]
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        ends = np.rint(np.cumsum(fractions) * len(members)).astype(int)
        for part, indices in zip(parts, np.split(members, ends)):
            part.append(indices)
    return [np.concatenate(part) for part in parts]
