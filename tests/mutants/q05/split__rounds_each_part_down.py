# Rounds each part down on its own, so that images are left over where the fractions add up to 1.
def split(labels, fractions, seed):
    if sum(fractions) > 1 + 1e-9:
        raise ValueError("more than 1")
    random = np.random.default_rng(seed)
    parts = [[] for _ in fractions]
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        for part, fraction in zip(parts, fractions):
            size = int(fraction * len(members))
            part.append(members[:size])
            members = members[size:]
    return [np.concatenate(part) for part in parts]
